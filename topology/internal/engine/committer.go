package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/store"
)

// committer commits the batches of all tasks of a process. A task cuts its batch at the end of a handler, whenever the one before it is
// committed; when its outputs are acknowledged it gets here. What has got here while one round ran makes the next: one wait for the
// changelogs and one write to the store for all of them. So batches grow with the load, without a timer.
type committer struct {
	e    *Engine
	wake chan struct{}
	stop chan struct{}
	done chan struct{}

	// write is held while a round writes the store and marks offsets.
	write sync.Mutex

	mu       sync.Mutex
	queue    []*batch
	waiting  map[*task]struct{} // tasks to be asked again when the interval has passed
	started  time.Time          // of the last round
	timer    *time.Timer
	interval time.Duration
}

func newCommitter(e *Engine) *committer {
	return &committer{
		e: e, interval: e.opts.CommitInterval, waiting: map[*task]struct{}{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// due reports whether the task may cut its batch now. If it has to wait for the interval to pass it will be asked to.
func (c *committer) due(t *task, urgent bool) bool {
	if c.interval == 0 || urgent {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := c.interval - time.Since(c.started)
	if rest <= 0 {
		return true
	}
	if len(c.waiting) == 0 {
		c.timer = time.AfterFunc(rest, c.ask)
	}
	c.waiting[t] = struct{}{}
	return false
}

// ask has the tasks that wait for the interval cut their batches.
func (c *committer) ask() {
	c.mu.Lock()
	tasks := c.waiting
	c.waiting = map[*task]struct{}{}
	c.mu.Unlock()
	for t := range tasks {
		t.offer()
	}
}

// ready takes a batch whose sends so far are acknowledged. It does not block.
func (c *committer) ready(b *batch) {
	b.ackedAt = time.Now()
	c.mu.Lock()
	c.queue = append(c.queue, b)
	c.mu.Unlock()
	poke(c.wake)
}

// run commits until close.
func (c *committer) run() {
	defer close(c.done)
	for {
		select {
		case <-c.wake:
		case <-c.stop:
			return
		}
		for {
			c.mu.Lock()
			batches := c.queue
			c.queue = nil
			c.started = time.Now()
			c.mu.Unlock()
			if len(batches) == 0 {
				break
			}
			c.round(batches)
		}
	}
}

// close ends run, at the latest after the write that has begun.
func (c *committer) close() {
	close(c.stop)
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
}

// round commits batches whose outputs are acknowledged.
func (c *committer) round(batches []*batch) {
	var plain, stateful []*batch
	for _, b := range batches {
		switch {
		case !c.alive(b):
		case len(b.last) > 0 && !b.sent:
			c.sendLast(b)
		case !b.task.a.verified():
			b.die()
		case len(b.rows) == 0:
			plain = append(plain, b)
		default:
			stateful = append(stateful, b)
		}
	}
	c.finish(plain, nil)
	if len(stateful) > 0 {
		if w := c.changelog(stateful); w != nil {
			c.finish(stateful, w)
		}
	}
}

// alive reports whether a batch may go on: it has not failed, its task is not closed and its group still knows this member.
func (c *committer) alive(b *batch) bool {
	if b.dead.Load() || b.task.closed.Load() {
		return false
	}
	if !b.task.a.current() {
		b.die()
		return false
	}
	return true
}

// sendLast sends the outputs that come after all others. The batch comes back when they are acknowledged.
func (c *committer) sendLast(b *batch) {
	b.sent = true
	b.pending.Add(1)
	for _, h := range b.last {
		if err := b.send(c.e.sending, h.record, h.by); err != nil {
			b.fail(b.sendFailed(h.record.Topic, h.record.Partition, h.by, err))
			break
		}
	}
	b.last = nil
	b.acknowledge()
}

// wave is the changelog records of a round.
type wave struct {
	start   time.Time
	took    time.Duration
	pending atomic.Int64
	done    chan struct{}
	next    []atomic.Int64 // by batch: one past its last changelog record
}

func (w *wave) acknowledge() {
	if w.pending.Add(-1) == 0 {
		close(w.done)
	}
}

// changelog writes the rows of the batches to their changelogs, each to the partition that was processed, and waits for the
// acknowledgements. It returns nil if the committer is stopped meanwhile.
func (c *committer) changelog(batches []*batch) *wave {
	w := &wave{start: time.Now(), done: make(chan struct{}), next: make([]atomic.Int64, len(batches))}
	w.pending.Store(1)
	for i, b := range batches {
		t := b.task
		topic := t.p.k.Own.Topic.Name
		fail := func(key []byte, err error) {
			b.fail(&ProcessError{Processor: t.p.k.Name, Topic: topic, Partition: t.partition, Offset: -1, Key: key, Err: err})
		}
		next := &w.next[i]
		done := func(offset int64, err error) {
			if err != nil {
				fail(nil, &SendError{Topic: topic, Partition: t.partition, Err: err})
			} else if at := next.Load(); offset >= at {
				next.CompareAndSwap(at, offset+1) // acknowledgements of a partition come in order, from one goroutine
			}
			w.acknowledge()
		}
		for _, r := range b.rows {
			w.pending.Add(1)
			err := c.e.opts.Sender.Send(c.e.sending, sender.Record{Topic: topic, Partition: t.partition, Key: r.key, Value: r.value, Timestamp: w.start}, done)
			if err != nil {
				w.pending.Add(-1)
				fail(r.key, err)
				break
			}
		}
	}
	w.acknowledge()
	select {
	case <-w.done:
		w.took = time.Since(w.start)
		return w
	case <-c.stop:
		return nil
	}
}

// finish writes the store and marks the offsets of batches that are in the logs, and lets their tasks cut the next ones.
func (c *committer) finish(batches []*batch, w *wave) {
	if len(batches) == 0 {
		return
	}
	c.write.Lock()
	start := time.Now()
	kept := batches[:0]
	db := c.e.opts.Store.Batch()
	for i, b := range batches {
		if !c.alive(b) {
			continue
		}
		kept = append(kept, b)
		if w == nil {
			continue
		}
		for _, r := range b.rows {
			if r.value == nil {
				db.Delete(b.task.own.table, r.key)
			} else {
				db.Set(b.task.own.table, r.key, r.value)
			}
		}
		db.SetProgress(b.task.own.table, store.Progress{Next: w.next[i].Load(), AsOf: time.Now()})
	}
	if w == nil || len(kept) == 0 {
		db.Discard()
	} else if err := db.Commit(); err != nil {
		c.write.Unlock()
		for _, b := range kept {
			b.fail(&ProcessError{Processor: b.task.p.k.Name, Topic: b.task.p.k.Own.Topic.Name, Partition: b.task.partition, Offset: -1, Err: err})
		}
		return
	}
	stored := time.Since(start)
	for _, b := range kept {
		b.mark()
	}
	c.write.Unlock()
	for _, b := range kept {
		info := Commit{
			Processor: b.task.p.k.Name, Partition: b.task.partition, Records: b.records, Outputs: b.outputs, Rows: len(b.rows),
			OutputWait: b.ackedAt.Sub(b.cutAt),
		}
		if w != nil {
			info.ChangelogWait, info.StoreWait = w.took, stored
		}
		b.task.done(b)
		c.e.observe.committed(info)
	}
	c.e.changed.raise()
}
