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
//  1. outputs are sent and acknowledged; then those that come last
//  2. the last value of each changed row is sent to the changelog and acknowledged
//  3. the rows and the changelog's offset are written to the local store, in one atomic write
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
func (c *atLeastOnce) rewrite(ctx context.Context, t *task, rows []change) error {
	return c.changelog(ctx, t, nil, rows)
}

// close implements [coordinator].
func (c *atLeastOnce) close() { c.running.Wait() }

func (c *atLeastOnce) steps(b *batch) (info kernel.CommittedInfo, err error) {
	began := time.Now()
	for group, step := range [...]string{first: StepOutputs, last: StepLast} {
		if len(b.outputs[group]) == 0 {
			continue
		}
		if err := c.a.lease.check(); err != nil {
			return info, err
		}
		err := c.deliver(b.task, func(ctx context.Context, d *delivery) error { return c.a.sendOutputs(ctx, c.sender, d, b, group) })
		if err != nil {
			return info, err
		}
		c.a.reached(step)
	}
	info.OutputWait, began = time.Since(began), time.Now()
	if len(b.rows) > 0 {
		// Whoever heals meanwhile would find the rows in the log and not in the store.
		b.task.logging.Lock()
		defer b.task.logging.Unlock()
		if err := c.changelog(c.a.writing, b.task, b, b.rows); err != nil {
			if refused(err) {
				c.takeBack(b)
			}
			return info, err
		}
		c.a.reached(StepChangelog)
		info.ChangelogWait, began = time.Since(began), time.Now()
	}
	if err := c.a.write([]*batch{b}); err != nil {
		return info, err
	}
	info.StoreWait = time.Since(began)
	if len(b.rows) > 0 {
		c.a.reached(StepStore)
	}
	c.a.offsets.mark(b.offsets)
	return info, nil
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

// takeBack writes the rows of a batch to the changelog as the store has them, after one of them was refused: the others got into the log,
// and the message that wrote the one that did not is given up with all that it did. Where that fails too, nothing is lost: the message
// is processed again, and refused again.
func (c *atLeastOnce) takeBack(b *batch) {
	rows := make([]change, 0, len(b.rows))
	for _, r := range b.rows {
		value, ok, err := b.task.own.table.Get(r.key)
		if err != nil {
			return // the store says so elsewhere
		}
		if !ok {
			value = nil
		}
		rows = append(rows, change{key: r.key, value: value})
	}
	if err := c.changelog(c.a.writing, b.task, nil, rows); err != nil {
		b.task.p.log.Warn("rows are not taken back", "topic", b.task.p.k.Own.Topic.Name, "partition", b.task.partition, "error", err)
	}
}

// changelog sends rows to the changelog and waits for them, and heals what somebody else wrote in between. b is the batch that they are of, if any.
// The caller holds the task's logging.
func (c *atLeastOnce) changelog(ctx context.Context, t *task, b *batch, rows []change) error {
	written := map[string][]byte{} // and not in the store yet; filled where it is needed
	for send := rows; len(send) > 0; {
		if err := c.a.lease.check(); err != nil {
			return err
		}
		var to int64
		err := c.deliver(t, func(ctx context.Context, d *delivery) error { return c.a.sendRows(ctx, c.sender, d, b, send, &to) })
		if err != nil {
			return err
		}
		from := t.ends.Load()
		t.ends.Store(to)
		if to-from == int64(len(send)) {
			return nil
		}
		if len(written) == 0 {
			for _, r := range rows {
				written[string(r.key)] = r.value
			}
		}
		if send, err = c.heal(ctx, t, written, from, to); err != nil {
			return err
		}
	}
	return nil
}

// heal returns the rows to be written again because of records of somebody else in [from, to) of the task's changelog: a former owner's, that
// were under way when it lost the partition. Loaders drop such a record where it comes behind one of this task's epoch, but
// compaction, which knows nothing of epochs, would keep it and delete the row's last good value. Each such row is written once more,
// as it is: as written says, or else as the store has it.
func (c *atLeastOnce) heal(ctx context.Context, t *task, written map[string][]byte, from, to int64) ([]change, error) {
	tp := kernel.TopicPartition{Topic: t.p.k.Own.Topic.Name, Partition: t.partition}
	strange := map[string]bool{} // whether the last record of a key is somebody else's
	for r, err := range c.a.p.e.opts.Reader.Read(ctx, tp, from, to) {
		if err != nil {
			return nil, err
		}
		if r.Stamp.Task == t.identity() && r.Stamp.Epoch > t.epoch {
			return nil, fmt.Errorf("%w: a later owner has written to topic %q, partition %d", cluster.ErrNotMember, tp.Topic, tp.Partition)
		}
		if err := c.bad(ctx, t, tp, r); err != nil {
			return nil, err
		}
		strange[string(r.Key)] = r.Stamp.Task != t.identity() || r.Stamp.Epoch != t.epoch
	}
	var healed []change
	for key, is := range strange {
		if !is {
			continue
		}
		value, ok := written[key]
		if !ok {
			var err error
			if value, ok, err = t.own.table.Get([]byte(key)); err != nil {
				return nil, err
			}
			if !ok {
				value = nil
			}
		}
		healed = append(healed, change{key: []byte(key), value: value})
	}
	if len(healed) > 0 {
		t.p.log.Warn("a former owner wrote to the changelog; its rows are written again", "topic", tp.Topic, "partition", tp.Partition, "rows", len(healed))
	}
	return healed, nil
}

// bad tells of a record that somebody else wrote and that is no row, where the policy is not to stop.
func (c *atLeastOnce) bad(ctx context.Context, t *task, tp kernel.TopicPartition, r changelog.Record) error {
	if r.Stamp.Epoch != 0 || t.p.onError.Of(kernel.PhaseDecode).Then <= kernel.ActionStop {
		return nil
	}
	err := changelog.ErrNoKey
	if r.Key != nil {
		err = checkRow(t.p.k.Own, r.Key, r.Value)
	}
	if err == nil {
		return nil
	}
	return t.p.badRow(ctx, &kernel.Message{Topic: tp.Topic, Partition: tp.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value}, err)
}

// check looks whether somebody else wrote to the task's changelog since the task did, below end, and heals that. After an error it is not
// known any more what is healed.
func (c *atLeastOnce) check(ctx context.Context, t *task, end int64) error {
	t.logging.Lock()
	defer t.logging.Unlock()
	from := t.ends.Load()
	if end <= from {
		return nil
	}
	rows, err := c.heal(ctx, t, nil, from, end)
	if err != nil {
		return err
	}
	t.ends.Store(end)
	return c.changelog(ctx, t, nil, rows)
}
