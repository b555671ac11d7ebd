package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// exactlyOnce commits the batches of all tasks of an assignment that are ready at once in one transaction: outputs, changelogs and the
// offsets of the inputs become visible together or not at all. The local store is written when the transaction is committed, so it never
// holds what was aborted.
//
// The brokers fence it: the offsets are committed as a member of the group's present generation (KIP-447), and whoever is assigned the
// partition next waits until the transactions of its predecessor are resolved. A transactional producer has one open transaction, and its
// next one has to wait until the brokers have finished with the last; so two take turns.
//
// After a failure nothing is retried: the member leaves the generation, the transaction is aborted, and the tasks begin anew at what is
// committed.
type exactlyOnce struct {
	a         *assignment
	producers [producersInTurn]sender.Transactional

	mu    sync.Mutex
	ready []*batch
	wake  chan struct{} // a token for each producer that may be waiting
	stop  chan struct{}
	done  sync.WaitGroup
}

// producersInTurn is how many transactional producers an assignment has.
const producersInTurn = 2

func newExactlyOnce(a *assignment, producers [producersInTurn]sender.Transactional) *exactlyOnce {
	c := &exactlyOnce{a: a, producers: producers, wake: make(chan struct{}, producersInTurn), stop: make(chan struct{})}
	for _, p := range producers {
		c.done.Go(func() { c.run(p) })
	}
	return c
}

// commit implements [coordinator].
func (c *exactlyOnce) commit(b *batch) {
	c.mu.Lock()
	c.ready = append(c.ready, b)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default: // both have something to look at
	}
}

// rewrite implements [coordinator]. The rows are a transaction of their own, with the offsets as they are.
func (c *exactlyOnce) rewrite(_ context.Context, rows changes) error {
	if len(rows.rows) == 0 {
		return nil
	}
	b := &batch{task: rows.of.task, rows: []changes{rows}}
	for _, in := range b.task.inputs {
		metadata, err := in.metadata()
		if err != nil {
			return c.a.inputError(in, err)
		}
		b.offsets = append(b.offsets, offset{in: in, next: in.start, metadata: metadata})
	}
	return c.produce(c.producers[0], []*batch{b})
}

// close implements [coordinator].
func (c *exactlyOnce) close() {
	close(c.stop)
	c.done.Wait()
}

// run commits what is ready, in one transaction after the other, until close.
func (c *exactlyOnce) run(p sender.Transactional) {
	for {
		select {
		case <-c.wake:
		case <-c.stop:
			return
		}
		for {
			c.mu.Lock()
			batches := c.ready
			c.ready = nil
			c.mu.Unlock()
			if len(batches) == 0 {
				break
			}
			c.runOne(p, batches)
		}
	}
}

// runOne commits batches in one transaction.
func (c *exactlyOnce) runOne(p sender.Transactional, batches []*batch) {
	info, err := c.transaction(p, batches)
	for _, b := range batches {
		if err != nil {
			c.a.failed(b, err)
		} else {
			c.a.committed(b, info)
		}
	}
}

// transaction commits batches.
func (c *exactlyOnce) transaction(p sender.Transactional, batches []*batch) (info kernel.CommittedInfo, err error) {
	ctx, began := c.a.writing, time.Now()
	if err := context.Cause(ctx); err != nil {
		return info, err
	}
	if err := c.a.lease.check(); err != nil {
		return info, err
	}
	sends := false
	for _, b := range batches {
		sends = sends || len(b.outputs[first])+len(b.outputs[last])+len(b.rows) > 0
	}
	if sends {
		err = c.produce(p, batches)
	} else {
		// Nothing but offsets: there is nothing that could become visible without them.
		err = c.a.p.e.opts.Cluster.CommitOffsets(ctx, c.a.session.Member, committedOffsets(batches))
	}
	if err != nil {
		return info, err
	}
	info.OutputWait, began = time.Since(began), time.Now()
	if err := c.a.write(batches); err != nil {
		return info, err
	}
	info.StoreWait = time.Since(began)
	c.a.reached(StepStore)
	for _, b := range batches {
		for _, o := range b.offsets {
			o.in.committed.Store(o.next)
		}
	}
	return info, nil
}

// produce makes a transaction of what the batches send and write.
func (c *exactlyOnce) produce(p sender.Transactional, batches []*batch) error {
	ctx, cancel := c.a.delivering()
	defer cancel()
	if err := p.Begin(); err != nil {
		return err
	}
	c.a.reached(StepBegin)
	deliveries, ends := make([]*delivery, len(batches)), map[*rows]*int64{}
	for i, b := range batches {
		d := newDelivery(b.task)
		deliveries[i] = d
		for group := range b.outputs { // all become visible at once, so those that come last need not wait
			if err := c.a.sendOutputs(ctx, p, d, b, group); err != nil {
				return err
			}
		}
		for _, rows := range b.rows {
			ends[rows.of] = new(int64)
			if err := c.a.sendRows(ctx, p, d, b, rows, ends[rows.of]); err != nil {
				return err
			}
		}
	}
	// Neither waits for the other: the next owner waits for a transaction that has added offsets before it loads tables.
	added := make(chan error, 1)
	go func() { added <- p.SendOffsets(ctx, c.a.session.Member, committedOffsets(batches)) }()
	for _, d := range deliveries {
		if err := d.wait(ctx); err != nil {
			cancel()
			return errors.Join(err, <-added)
		}
	}
	c.a.reached(StepProduced)
	if err := <-added; err != nil {
		return fmt.Errorf("processor %q: %w", c.a.p.k.Name, err)
	}
	c.a.reached(StepOffsetsAdded)
	if err := c.a.lease.check(); err != nil {
		return err
	}
	if err := p.Commit(ctx); err != nil {
		return fmt.Errorf("processor %q: %w", c.a.p.k.Name, err)
	}
	c.a.reached(StepEnd)
	for table, end := range ends {
		table.ends.Store(*end)
	}
	return nil
}
