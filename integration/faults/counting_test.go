//go:build unix

package faults

import (
	"testing"

	"github.com/eddystream/eddy/integration/faults/counting"
)

// fed is the account of a key with so many records, and their results.
func fed(numbers ...int64) *account {
	a := &account{counts: map[int64][]int64{}, results: map[int64]int{}}
	for _, n := range numbers {
		a.want = a.want.Next(n)
		a.counts[n] = append(a.counts[n], a.want.Count)
		a.results[n]++
	}
	return a
}

// after is a row behind records.
func after(numbers ...int64) counting.Row {
	var r counting.Row
	for _, n := range numbers {
		r = r.Next(n)
	}
	return r
}

// Each thing that can happen to a row or a result is seen as what it is.
func TestAccounts(t *testing.T) {
	t.Parallel()
	lost, twice := fed(1, 2, 3), fed(1, 2, 3)
	lost.results[2] = 0
	twice.results[2] = 2
	for _, tt := range []struct {
		name                     string
		account                  *account
		row                      counting.Row
		lostN, twiceN, wrongRows int
	}{
		{"all is well", fed(1, 2, 3), after(1, 2, 3), 0, 0, 0},
		{"the log itself has a gap, and a repeat", fed(1, 2, 5, 5), after(1, 2, 5, 5), 0, 0, 0},
		{"a result is lost", lost, after(1, 2, 3), 1, 0, 0},
		{"a result comes twice", twice, after(1, 2, 3), 0, 1, 0},
		{"records are counted again", fed(1, 2, 3), after(1, 2, 2, 3, 3), 0, 2, 0},
		{"a record is passed over", fed(1, 2, 3), after(1, 3), 0, 0, 1},
		{"the last record is not counted", fed(1, 2, 3), after(1, 2), 0, 0, 1},
		{"the row has gone back, and on", fed(1, 2, 3, 4), func() counting.Row { return after(1, 2).Next(4) }(), 0, 0, 1},
		{"the row is gone", fed(1, 2, 3), counting.Row{}, 0, 0, 1},
	} {
		v := &Verdict{}
		tt.account.judge(v, "key", tt.row)
		if v.Lost.N != tt.lostN || v.Twice.N != tt.twiceN || v.Tables.N != tt.wrongRows {
			t.Errorf("%s: %s", tt.name, v)
		}
	}
}
