package faults

import (
	"errors"
	"fmt"
	"strings"
)

// Verdict is what is wrong after a run, a line for each fault. A list that is cut has the count of all.
type Verdict struct {
	Tables   Faults // rows, and results that tell of rows, unlike what the log of the inputs makes of them
	Lost     Faults // outputs that had to be sent and were not
	Stale    Faults // pages whose last rendering is older than an edit of something in it, and that nobody asked for since
	Extra    Faults // pages that an edit at rest asked for and had not to
	Cascades Faults // that have not been expanded
	Stores   Faults // rows of local stores unlike the fold of their changelog
	// Compaction are rows that compaction would lose: the last record of their key is one that does not count.
	Compaction Faults
	// Twice are outputs that a reader of committed records gets again, and records that count again: allowed after a fault, but not with
	// exactly-once.
	Twice Faults
	// Thrown are rows that a local store had when a log was lost, and has not any more.
	Thrown Faults

	// Refusal is what a worker said that ended because a log has lost something. Nothing but stores is judged then.
	Refusal string
	// Remedied is what a worker said before what it said can be done was done; all was judged then.
	Remedied string
	// Ends is how often workers ended by themselves and were started again.
	Ends int

	records, rows int // compared
	exactlyOnce   bool
	inputLost     bool // an input has lost records; some may have been processed, and not committed
}

// Faults are lines of a kind.
type Faults struct {
	N     int
	Lines []string // the first few
}

// shown is how many lines of a kind are kept.
const shown = 6

func (f *Faults) addf(format string, args ...any) {
	f.N++
	if len(f.Lines) < shown {
		f.Lines = append(f.Lines, fmt.Sprintf(format, args...))
	}
}

// Wrong is how much is not as any delivery promises, but for what is lost.
func (v *Verdict) Wrong() int {
	return v.Tables.N + v.Stale.N + v.Extra.N + v.Cascades.N + v.Stores.N + v.Compaction.N + v.Thrown.N
}

// Err returns nil if all is as the delivery promises.
func (v *Verdict) Err() error {
	var wrong []string
	for _, k := range []struct {
		name string
		Faults
		counts bool
	}{
		{"rows of tables are not what the log makes of them (-)", v.Tables, true},
		{"outputs are missing", v.Lost, true},
		{"pages stay stale", v.Stale, true},
		{"pages were asked for in vain", v.Extra, true},
		{"cascades did not end", v.Cascades, true},
		{"rows of local stores differ from their changelog (-)", v.Stores, true},
		{"rows would be lost by compaction", v.Compaction, true},
		{"rows were thrown away while their log was lost", v.Thrown, true},
		{"outputs came twice, or records counted twice", v.Twice, v.exactlyOnce},
	} {
		if k.N > 0 && k.counts {
			wrong = append(wrong, fmt.Sprintf("%d %s:\n  %s", k.N, k.name, strings.Join(k.Lines, "\n  ")))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "\n"))
}

// String sums up.
func (v *Verdict) String() string {
	if v.Refusal != "" {
		return fmt.Sprintf("refused; stores: %d rows wrong of %d, %d thrown away\n  %s", v.Stores.N, v.rows, v.Thrown.N, v.Refusal)
	}
	text := fmt.Sprintf("%d records, %d lost, %d stale, %d extra, %d twice; tables: %d rows wrong; stores: %d rows wrong of %d; compaction loses %d; cascades: %d not ended; %d ends",
		v.records, v.Lost.N, v.Stale.N, v.Extra.N, v.Twice.N, v.Tables.N, v.Stores.N, v.rows, v.Compaction.N, v.Cascades.N, v.Ends)
	if v.Remedied != "" {
		text += "\n  after what was done about: " + v.Remedied
	}
	return text
}
