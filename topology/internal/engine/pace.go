package engine

import "time"

// A commit costs some of the same whatever is in it, here and at the broker, and a row that changes often is written by each. So a task that has
// little to do commits at once, and one that has much commits seldom:
//
//   - After a commit of n records, beyond the first fewRecords, there is none for n times restPerRecord. Where records come faster than that,
//     batches grow from one to the next; where they come more slowly, they shrink to what one fetch brings.
//   - While records wait, there is none for betweenCommits times what the last one took, so that commits have a part of the time and not all of it.
//   - A rest is no longer than loadedRest while records wait, and than dryRest once none does: work comes in bursts, as the tasks before it commit.
const (
	restPerRecord  = 500 * time.Microsecond
	fewRecords     = 256
	betweenCommits = 3
	costlyRest     = 100 * time.Millisecond // the longest for what a commit took
	loadedRest     = time.Second
	dryRest        = 5 * time.Millisecond
)

// pace is what a task remembers of the batch that was cut last.
type pace struct {
	at      time.Time
	records int
}

func (p *pace) cut(b *batch) { *p = pace{at: time.Now(), records: b.records + b.firings} }

// rest is how long to go without a commit after one of so many records that took so long.
func rest(records int, took time.Duration, dry bool) time.Duration {
	forRecords := restPerRecord * time.Duration(max(0, records-fewRecords))
	if dry {
		return min(forRecords, dryRest)
	}
	return min(max(forRecords, min(betweenCommits*took, costlyRest)), loadedRest)
}

// restLeft is how long the task is still to go without a commit.
func (t *task) restLeft(dry bool) time.Duration {
	took := time.Duration(t.took.Load())
	return took + rest(t.pace.records, took, dry) - time.Since(t.pace.at)
}

// cutUnderLoad cuts the open batch where records go on coming: when it is full, or when the commit before it is long enough ago.
func (t *task) cutUnderLoad() {
	if t.flight.Load() == nil && (t.cur.full() || t.restLeft(false) <= 0) {
		t.cutNow()
	}
}

// cutDry cuts the open batch where no record waits, at once or when the commit before it is long enough ago.
func (t *task) cutDry() {
	if t.flight.Load() == nil && !t.cur.empty() && !t.cur.full() {
		if left := t.restLeft(true); left > 0 {
			t.remind(left)
			return
		}
	}
	t.cutNow()
}
