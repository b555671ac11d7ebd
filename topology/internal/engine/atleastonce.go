package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// atLeastOnce commits each batch by itself, so that a slow partition holds up no other:
//
//  1. outputs, and timers that handlers have set or cancelled, are sent and acknowledged; then the outputs that come last
//  2. the last value of each changed row is sent to its changelog and acknowledged; then the end of the timers that have fired
//  3. the rows and the changelogs' offsets are written to the local store, in one atomic write
//  4. the offsets of the inputs are marked, and committed within [commitWithin]
//
// A crash anywhere processes again from the last 4 with the state of the last 2: outputs may repeat, nothing is lost.
//
// It is fenced: every step asks first whether the lease holds, and what is under way when it ends is told from the next owner's by its
// epoch. What a former owner's record did to the changelog behind this one's is undone, see heal.
type atLeastOnce struct {
	a       *assignment
	sender  sender.Sender
	running sync.WaitGroup
}

func newAtLeastOnce(a *assignment, s sender.Sender) *atLeastOnce {
	return &atLeastOnce{a: a, sender: s}
}

// commit implements [coordinator].
func (c *atLeastOnce) commit(b *batch) {
	c.running.Go(func() {
		info, err := c.steps(b)
		if err != nil {
			c.a.failed(b, err)
			return
		}
		c.a.committed(b, info)
	})
}

// rewrite implements [coordinator].
func (c *atLeastOnce) rewrite(ctx context.Context, rows changes) error {
	if len(rows.rows) == 0 {
		return nil
	}
	return c.send(ctx, rows.of.task, nil, []changes{rows}, []changes{rows})
}

// close implements [coordinator].
func (c *atLeastOnce) close() { c.running.Wait() }

func (c *atLeastOnce) steps(b *batch) (info kernel.CommittedInfo, err error) {
	t := b.task
	logged := b.logged()
	if len(logged) > 0 {
		// Whoever heals meanwhile would find rows in the log and not in the store.
		t.logging.Lock()
		defer t.logging.Unlock()
	}
	var unsaved []changes // in the logs, and not in the store
	began := time.Now()
	for _, part := range [...]struct {
		step    string
		outputs []output
		rows    []changes
		took    *time.Duration
	}{
		{StepOutputs, b.outputs[first], b.set, &info.OutputWait},
		{StepLast, b.outputs[last], nil, &info.OutputWait},
		{StepChangelog, nil, b.rows, &info.ChangelogWait},
		{StepFired, nil, b.fired, &info.ChangelogWait},
	} {
		unsaved = append(unsaved, part.rows...)
		if len(part.outputs)+len(part.rows) == 0 {
			continue
		}
		if err := c.send(c.a.writing, t, part.outputs, part.rows, unsaved); err != nil {
			return info, err
		}
		now := time.Now()
		*part.took += now.Sub(began)
		began = now
		c.a.reached(part.step)
	}
	if err := c.a.write([]*batch{b}); err != nil {
		return info, err
	}
	info.StoreWait = time.Since(began)
	if len(logged) > 0 {
		c.a.reached(StepStore)
	}
	c.a.offsets.mark(b.offsets)
	return info, nil
}

// send sends outputs and rows of a task, side by side, and waits for them; then it heals what somebody else wrote to the changelogs in
// between. unsaved are the rows that the logs may have and the store has not; where there are any, the caller holds the task's logging.
func (c *atLeastOnce) send(ctx context.Context, t *task, outputs []output, rows, unsaved []changes) error {
	for len(outputs)+len(rows) > 0 {
		if err := c.a.lease.check(); err != nil {
			return err
		}
		to := make([]int64, len(rows))
		if err := c.deliver(t, func(ctx context.Context, d *delivery) {
			d.outputs(ctx, c.sender, outputs)
			for i, r := range rows {
				d.rows(ctx, c.sender, r, &to[i])
			}
		}); err != nil {
			return err
		}
		var again []changes
		for i, r := range rows {
			from := r.of.ends.Swap(to[i])
			if to[i]-from == int64(len(r.rows)) {
				continue
			}
			healed, err := c.heal(ctx, r.of, written(unsaved, r.of), from, to[i])
			if err != nil {
				return err
			}
			if len(healed.rows) > 0 {
				again = append(again, healed)
			}
		}
		outputs, rows = nil, again
	}
	return nil
}

// deliver has records sent, and waits for them.
func (c *atLeastOnce) deliver(t *task, send func(context.Context, *delivery)) error {
	ctx, cancel := c.a.delivering()
	defer cancel()
	d := newDelivery(t)
	send(ctx, d)
	return d.wait(ctx)
}

// written are the rows of one table that are written and not in the store yet.
func written(all []changes, of *rows) map[string][]byte {
	values := map[string][]byte{}
	for _, c := range all {
		if c.of != of {
			continue
		}
		for _, row := range c.rows {
			values[string(row.key)] = row.value
		}
	}
	return values
}

// heal returns the rows to be written again because of records of somebody else in [from, to) of a changelog: a former owner's, that
// were under way when it lost the partition. Loaders drop such a record where it comes behind one of this task's epoch, but
// compaction, which knows nothing of epochs, would keep it and delete the row's last good value. Each such row is written once more,
// as it is: as written says, or else as the store has it.
func (c *atLeastOnce) heal(ctx context.Context, r *rows, written map[string][]byte, from, to int64) (changes, error) {
	t := r.task
	healed := changes{of: r}
	strange := map[string]bool{} // whether the last record of a key is somebody else's
	for record, err := range c.a.p.e.opts.Reader.Read(ctx, r.tp, from, to) {
		if err != nil {
			return healed, err
		}
		if record.Stamp.Task == t.identity() && record.Stamp.Epoch > t.epoch {
			return healed, fmt.Errorf("%w: a later owner has written to topic %q, partition %d", cluster.ErrNotMember, r.tp.Topic, r.tp.Partition)
		}
		strange[string(record.Key)] = record.Stamp.Task != t.identity() || record.Stamp.Epoch != t.epoch
	}
	for key, is := range strange {
		if !is {
			continue
		}
		value, ok := written[key]
		if !ok {
			var err error
			if value, ok, err = r.table.Get([]byte(key)); err != nil {
				return healed, err
			}
			if !ok {
				value = nil
			}
		}
		healed.rows = append(healed.rows, change{key: []byte(key), value: value})
	}
	if len(healed.rows) > 0 {
		t.p.log.Warn("a former owner wrote to the changelog; its rows are written again", "topic", r.tp.Topic, "partition", r.tp.Partition, "rows", len(healed.rows))
	}
	return healed, nil
}

// check looks whether somebody else wrote to a changelog since the task did, below end, and heals that. After an error it is not
// known any more what is healed.
func (c *atLeastOnce) check(ctx context.Context, r *rows, end int64) error {
	r.task.logging.Lock()
	defer r.task.logging.Unlock()
	from := r.ends.Load()
	if end <= from {
		return nil
	}
	healed, err := c.heal(ctx, r, nil, from, end)
	if err != nil {
		return err
	}
	r.ends.Store(end)
	if len(healed.rows) == 0 {
		return nil
	}
	return c.send(ctx, r.task, nil, []changes{healed}, []changes{healed})
}
