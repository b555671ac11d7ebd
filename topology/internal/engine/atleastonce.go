package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/changelog"
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
	c.running.Go(func() { c.run(b) })
}

// run commits a batch.
func (c *atLeastOnce) run(b *batch) {
	info, err := c.steps(b)
	if err != nil {
		c.a.failed(b, err)
		return
	}
	c.a.committed(b, info)
}

// rewrite implements [coordinator].
func (c *atLeastOnce) rewrite(ctx context.Context, rows changes) error {
	if len(rows.rows) == 0 {
		return nil
	}
	return c.send(ctx, part{task: rows.of.task, rows: []changes{rows}, unsaved: []changes{rows}})
}

// close implements [coordinator].
func (c *atLeastOnce) close() { c.running.Wait() }

// part is what of a batch is sent together.
type part struct {
	task    *task
	b       *batch // nil: of none
	step    string
	group   int // of the batch's outputs; none: of none
	rows    []changes
	unsaved []changes // all rows that the logs then have and the store has not
}

// none is no group of outputs.
const none = -1

func (c *atLeastOnce) steps(b *batch) (info kernel.CommittedInfo, err error) {
	t := b.task
	logged := len(b.set)+len(b.rows)+len(b.fired) > 0
	if logged {
		// Whoever heals meanwhile would find rows in the log and not in the store.
		t.logging.Lock()
		defer t.logging.Unlock()
	}
	var unsaved []changes
	began := time.Now()
	for _, p := range [...]part{
		{step: StepOutputs, group: first, rows: b.set},
		{step: StepLast, group: last},
		{step: StepChangelog, group: none, rows: b.rows},
		{step: StepFired, group: none, rows: b.fired},
	} {
		if len(p.rows) == 0 && (p.group == none || len(b.outputs[p.group]) == 0) {
			continue
		}
		unsaved = append(unsaved, p.rows...)
		p.task, p.b, p.unsaved = t, b, unsaved
		if err := c.send(c.a.writing, p); err != nil {
			if refused(err) {
				c.takeBack(t, unsaved)
			}
			return info, err
		}
		now := time.Now()
		if p.group == none {
			info.ChangelogWait += now.Sub(began)
		} else {
			info.OutputWait += now.Sub(began)
		}
		began = now
		c.a.reached(p.step)
	}
	if err := c.a.write([]*batch{b}); err != nil {
		return info, err
	}
	info.StoreWait = time.Since(began)
	if logged {
		c.a.reached(StepStore)
	}
	c.a.offsets.mark(b.offsets)
	return info, nil
}

// takeBack writes rows to their changelogs as the store has them, after something of their batch was refused: what did get into the
// log must not stay there, for the message that is to blame is given up with all that it did. Where that fails too, nothing is lost: the message
// is processed again, and refused again.
func (c *atLeastOnce) takeBack(t *task, unsaved []changes) {
	for _, written := range unsaved {
		back := changes{of: written.of}
		for _, row := range written.rows {
			value, err := written.of.stored(row.key)
			if err != nil {
				return // the store says so elsewhere
			}
			back.rows = append(back.rows, change{key: row.key, value: value})
		}
		if err := c.rewrite(c.a.writing, back); err != nil {
			t.p.log.Warn("rows are not taken back", "topic", written.of.tp.Topic, "partition", written.of.tp.Partition, "error", err)
		}
	}
}

// stored is what the store has at a key, nil for nothing.
func (r *rows) stored(key []byte) ([]byte, error) {
	value, ok, err := r.table.Get(key)
	if err != nil || !ok {
		return nil, err
	}
	return value, nil
}

// send sends a part and waits for it; then it heals what somebody else wrote to the changelogs in between. Where there are unsaved rows the caller
// holds the task's logging.
func (c *atLeastOnce) send(ctx context.Context, p part) error {
	outputs := p.b != nil && p.group != none
	for outputs || len(p.rows) > 0 {
		if err := c.a.lease.check(); err != nil {
			return err
		}
		to := make([]int64, len(p.rows))
		if err := c.deliver(p.task, func(ctx context.Context, d *delivery) error {
			if outputs {
				if err := c.a.sendOutputs(ctx, c.sender, d, p.b, p.group); err != nil {
					return err
				}
			}
			for i, rows := range p.rows {
				if err := c.a.sendRows(ctx, c.sender, d, p.b, rows, &to[i]); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		var again []changes
		for i, rows := range p.rows {
			from := rows.of.ends.Swap(to[i])
			if to[i]-from == int64(len(rows.rows)) {
				continue
			}
			healed, err := c.heal(ctx, rows.of, unsavedOf(p.unsaved, rows.of), from, to[i])
			if err != nil {
				return err
			}
			if len(healed.rows) > 0 {
				again = append(again, healed)
			}
		}
		outputs, p.rows = false, again
	}
	return nil
}

// deliver has records sent, and waits for them.
func (c *atLeastOnce) deliver(t *task, send func(context.Context, *delivery) error) error {
	ctx, cancel := c.a.delivering()
	defer cancel()
	d := newDelivery(t)
	if err := send(ctx, d); err != nil {
		return err
	}
	return d.wait(ctx)
}

// unsavedOf are the rows of one table that are written and not in the store yet.
func unsavedOf(all []changes, of *rows) map[string][]byte {
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
	t, healed := r.task, changes{of: r}
	strange := map[string]bool{} // whether the last record of a key is somebody else's
	for record, err := range c.a.p.e.opts.Reader.Read(ctx, r.tp, from, to) {
		if err != nil {
			return healed, err
		}
		if record.Stamp.Task == t.identity() && record.Stamp.Epoch > t.epoch {
			return healed, fmt.Errorf("%w: a later owner has written to topic %q, partition %d", cluster.ErrNotMember, r.tp.Topic, r.tp.Partition)
		}
		if err := c.bad(ctx, r, record); err != nil {
			return healed, err
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
			if value, err = r.stored([]byte(key)); err != nil {
				return healed, err
			}
		}
		healed.rows = append(healed.rows, change{key: []byte(key), value: value})
	}
	if len(healed.rows) > 0 {
		t.p.log.Warn("a former owner wrote to the changelog; its rows are written again", "topic", r.tp.Topic, "partition", r.tp.Partition, "rows", len(healed.rows))
	}
	return healed, nil
}

// bad tells of a record that somebody else wrote and that is no row, where the policy is not to stop.
func (c *atLeastOnce) bad(ctx context.Context, of *rows, r changelog.Record) error {
	p := of.task.p
	if r.Stamp.Epoch != 0 || p.onError.Of(kernel.PhaseDecode).Then <= kernel.ActionStop {
		return nil
	}
	err := changelog.ErrNoKey
	if r.Key != nil {
		err = checkRow(of.def, r.Key, r.Value)
	}
	if err == nil {
		return nil
	}
	return p.badRow(ctx, &kernel.Message{Topic: of.tp.Topic, Partition: of.tp.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value}, err)
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
	return c.rewrite(ctx, healed)
}
