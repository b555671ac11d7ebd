package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/eddystream/eddy/topology/internal/source"
)

// session is what goka sees of a consumer group's session: its marks go nowhere, for goka marks a record when that record's own
// emits are done, whatever became of those before it.
type session struct {
	sarama.ConsumerGroupSession
}

func (session) MarkOffset(string, int32, int64, string)     {}
func (session) ResetOffset(string, int32, int64, string)    {}
func (session) MarkMessage(*sarama.ConsumerMessage, string) {}
func (session) Commit()                                     {}

// assignment is a processor's partitions during one session.
type assignment struct {
	p       *processor
	session sarama.ConsumerGroupSession
	tasks   map[int32]*task
	pauses  int64 // of the pulse, when the group last counted this member

	mu    sync.Mutex // guards joins, and the tasks' joins, while goka sets the partitions up
	joins []*joinStorage
}

func newAssignment(p *processor, s sarama.ConsumerGroupSession) (*assignment, error) {
	a := &assignment{p: p, session: s, tasks: map[int32]*task{}, pauses: p.e.pulse.observe(time.Now())}
	for _, partitions := range s.Claims() {
		for _, partition := range partitions {
			if a.tasks[partition] != nil {
				continue
			}
			t := newTask(a, partition)
			if err := p.equip(t); err != nil {
				return nil, err
			}
			a.tasks[partition] = t
		}
	}
	return a, nil
}

// partitions lists the assigned partitions in order.
func (a *assignment) partitions() []int32 {
	list := make([]int32, 0, len(a.tasks))
	for p := range a.tasks {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// current reports whether the group may still count this member among those of the session's generation. Before the members have
// joined again after a rebalance it does, and what was processed may be finished; after being thrown out it does not.
func (a *assignment) current() bool {
	ctx := a.session.Context()
	if ctx.Err() == nil {
		return true
	}
	cause := context.Cause(ctx)
	for _, gone := range []error{
		sarama.ErrIllegalGeneration, sarama.ErrUnknownMemberId, sarama.ErrFencedInstancedId, sarama.ErrSessionHeartbeatFailed,
	} {
		if errors.Is(cause, gone) {
			return false
		}
	}
	return true
}

// drain commits what was processed, for at most limit, and then closes the tasks: what is not committed by then never will be.
// It reports whether everything was.
func (a *assignment) drain(limit time.Duration) bool {
	e := a.p.e
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, t := range a.tasks {
		t.draining.Store(true)
		poke(t.wake)
		t.offer()
	}
	expired := false
	for _, t := range a.tasks {
		for !expired && !t.drained() {
			if !a.current() {
				expired = true
				break
			}
			select {
			case <-t.quiet:
			case <-timer.C:
				expired = true
			case <-e.crashed:
				expired = true
			}
		}
	}
	// From here on the committer leaves these tasks alone; a write that has begun is waited for.
	e.committer.write.Lock()
	defer e.committer.write.Unlock()
	complete := !expired
	for _, t := range a.tasks {
		t.closed.Store(true)
		t.closeCaches()
		complete = complete && !t.lost.Load()
	}
	return complete
}

// handler stands between sarama and goka.
type handler struct {
	g     *group
	p     *processor
	from  *source.Source // of the claims' records
	inner sarama.ConsumerGroupHandler
	a     *assignment
	setup error // of Setup, while the session was alive
}

// Setup implements [sarama.ConsumerGroupHandler].
func (h *handler) Setup(s sarama.ConsumerGroupSession) error {
	start := time.Now()
	a, err := newAssignment(h.p, s)
	if err != nil {
		h.setup = err
		return err
	}
	claims := 0
	for _, partitions := range s.Claims() {
		claims += len(partitions)
	}
	if h.from, err = source.Open(h.p.e.opts.Client, claims, h.p.e.opts.Memory.Fetched, h.p.log); err != nil {
		h.setup = err
		return err
	}
	h.a = a
	h.p.building.Store(a)
	if err := h.inner.Setup(session{s}); err != nil {
		if s.Context().Err() == nil {
			h.setup = err
		}
		return err
	}
	if s.Context().Err() == nil {
		h.p.assigned(a, time.Since(start))
	}
	return nil
}

// ConsumeClaim implements [sarama.ConsumerGroupHandler].
func (h *handler) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	in := h.a.tasks[c.Partition()].inputs[h.p.inputIndex[c.Topic()]]
	in.marked.Store(c.InitialOffset())
	h.p.e.changed.raise()

	h.g.ConsumerGroup.Pause(map[string][]int32{c.Topic(): {c.Partition()}})
	wrapped := &claim{
		ConsumerGroupClaim: c, from: h.from.Read(c.Topic(), c.Partition(), c.InitialOffset()),
		out: make(chan *sarama.ConsumerMessage, claimBuffer),
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		defer close(wrapped.out)
		if err := wrapped.forward(in, done); err != nil {
			h.p.e.fail(&ProcessError{Processor: h.p.k.Name, Topic: c.Topic(), Partition: c.Partition(), Offset: -1, Err: err})
		}
	})
	over := make(chan struct{})
	running.Go(func() {
		defer close(done)
		wrapped.watch(over)
	})
	err := h.inner.ConsumeClaim(session{s}, wrapped)
	close(over)
	running.Wait()
	return err
}

// Cleanup implements [sarama.ConsumerGroupHandler]. It runs after all claims have ended and before sarama's last flush of marks.
func (h *handler) Cleanup(s sarama.ConsumerGroupSession) error {
	if h.a == nil {
		return nil
	}
	h.from.Close()
	complete := h.a.drain(h.p.e.opts.DrainTimeout)
	h.p.revoked(h.a, !complete)
	return h.inner.Cleanup(session{s})
}
