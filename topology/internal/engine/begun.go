package engine

import (
	"context"
	"fmt"
	"time"
)

// markersAfter is how long the first batches have before it is asked whether what waits are records at all. The time doubles up to markersEvery: a
// transaction that is open may yet be aborted.
const (
	markersAfter = 200 * time.Millisecond
	markersEvery = 5 * time.Second
)

// begun reports whether it is known that the input can be processed: the first batch of what waited when it was assigned is committed, or nothing
// waited. Until then a record may be in the way that stops the processor, at each of its starts anew.
func (in *input) begun() bool {
	return !in.waits || in.empty.Load() || in.committed.Load() > in.start
}

// notBegun is why the assignment is not at work yet; nil if it is.
func (a *assignment) notBegun() error {
	for _, t := range a.tasks {
		for _, in := range t.inputs {
			if !in.begun() {
				return fmt.Errorf("topic %q, partition %d: the first batch of the records that waited is not committed", in.tp.Topic, in.tp.Partition)
			}
		}
	}
	return nil
}

// lookForRecords asks which inputs wait for nothing though their log goes on: with markers of transactions, or what was aborted.
func (a *assignment) lookForRecords(ctx context.Context) {
	pause := time.NewTimer(markersAfter)
	defer pause.Stop()
	for wait := markersAfter; a.notBegun() != nil; {
		select {
		case <-pause.C:
			wait = min(2*wait, markersEvery)
			pause.Reset(wait)
		case <-ctx.Done():
			return
		}
		for _, t := range a.tasks {
			for _, in := range t.inputs {
				if in.begun() {
					continue
				}
				end, err := a.p.e.opts.Reader.End(ctx, in.tp.Topic, in.tp.Partition)
				if err != nil {
					continue // it is out of reach, which health says too
				}
				in.empty.Store(end <= in.start)
			}
		}
	}
}
