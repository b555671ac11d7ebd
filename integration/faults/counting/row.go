package counting

// Row is what is known of a key.
type Row struct {
	Count   int64 // records
	Last    int64 // the greatest number
	Repeats int64 // records whose number was not greater than the one before
	Missing int64 // numbers that were passed over
}

// Next is the row behind one more record. Records are numbered from 1.
func (r Row) Next(number int64) Row {
	r.Count++
	if number <= r.Last {
		r.Repeats++
		return r
	}
	r.Missing += number - r.Last - 1
	r.Last = number
	return r
}

// Result is what is sent for a record: its number, and the count with it.
type Result struct {
	Number int64
	Count  int64
}
