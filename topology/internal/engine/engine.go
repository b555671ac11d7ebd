package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/source"
	"github.com/eddystream/eddy/topology/internal/store"
)

// hang is how long a processor may take to stop beyond the drain timeout.
const hang = 10 * time.Second

// Options are what an engine runs, and with what. All are required but Standby, CommitInterval, PurgeInterval and Observer.
// The engine closes none of them.
type Options struct {
	// Topology has the processors to run. Their topics exist.
	Topology *kernel.Topology
	Client   *cluster.Client
	Sender   sender.Sender
	Store    *store.DB
	Reader   *changelog.Reader

	BatchRecords   int
	BatchBytes     int
	CommitInterval time.Duration
	DrainTimeout   time.Duration
	Memory         Memory
	Standby        bool
	PurgeInterval  time.Duration // how often what is committed is deleted from loops; 0: a minute

	Logger   *slog.Logger
	Observer Observer
}

// Memory is what the tasks of a process share.
type Memory struct {
	Rows    *cache.Budget  // decoded rows
	Fetched *source.Budget // records that wait for their task
}

// Engine runs the processors of a topology. It runs once.
type Engine struct {
	opts    Options
	observe observer

	ctx        context.Context // of the run: done when it stops or has failed
	sending    context.Context // of the committer's sends: done after the drain
	latch      *latch
	broken     atomic.Bool // the latch has an error
	crashed    chan struct{}
	crashOnce  sync.Once
	committer  *committer
	pulse      pulse
	processors atomic.Pointer[[]*processor]  // nil before the lookups have recovered
	lookups    map[string]*changelog.Replica // by topic
	changed    signal                        // positions, assignments, the end
	ready      chan struct{}
	ends       ends
}

// New returns an engine. It does no I/O.
func New(o Options) *Engine {
	e := &Engine{
		opts: o, observe: observer{o.Observer}, crashed: make(chan struct{}), ready: make(chan struct{}),
		lookups: map[string]*changelog.Replica{},
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	e.ctx, e.latch = ctx, &latch{cancel: cancel}
	e.committer = newCommitter(e)
	e.pulse.limit = o.Client.Settings().SessionTimeout / 2
	return e
}

// Ready is closed when every processor has had its first assignment and recovered it.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Run runs until ctx is done, and then returns nil, or until something failed, and then returns the first error. It drains before it
// returns: what was processed is committed, if that takes no longer than the drain timeout.
func (e *Engine) Run(ctx context.Context) error {
	defer e.changed.raise()
	defer e.latch.cancel(errStopped)
	defer context.AfterFunc(ctx, func() { e.latch.cancel(errStopped) })()

	sending, stopSending := context.WithCancel(context.Background())
	defer stopSending()
	e.sending = sending

	var helpers sync.WaitGroup
	processors, err := e.prepare(&helpers)
	if err == nil {
		e.processors.Store(&processors)
		go e.committer.run()
		helpers.Go(func() { e.purge(processors) })
		helpers.Go(func() { e.pulse.beat(e.committer.done) })
		e.runAll(processors)
		e.committer.close()
	} else if e.ctx.Err() == nil {
		e.fail(err)
	}
	e.latch.cancel(errStopped)
	helpers.Wait()
	return e.failure()
}

// Crash ends the run like a crash of the process: nothing more is committed, nothing is drained. It is for tests.
func (e *Engine) Crash() {
	e.crashOnce.Do(func() {
		close(e.crashed)
		e.latch.cancel(errStopped)
	})
}

// prepare recovers the lookups and makes the processors.
func (e *Engine) prepare(running *sync.WaitGroup) ([]*processor, error) {
	var processors []*processor
	for _, k := range e.opts.Topology.Processors {
		for _, t := range k.Lookups {
			if err := e.startLookup(t.Topic.Name, running); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range e.opts.Topology.Processors {
		p, err := newProcessor(e.ctx, e, k)
		if err != nil {
			return nil, err
		}
		processors = append(processors, p)
	}
	for _, r := range e.lookups {
		select {
		case <-r.Recovered():
		case <-e.ctx.Done():
			return nil, context.Cause(e.ctx)
		}
	}
	return processors, nil
}

// startLookup follows a table that processors look up, once for all of them.
func (e *Engine) startLookup(topic string, running *sync.WaitGroup) error {
	if e.lookups[topic] != nil {
		return nil
	}
	open := func(partition int32) (*store.Table, error) {
		return e.opts.Store.Table(tableName(e.opts.Topology.Name, roleLookup, topic, partition))
	}
	r, err := e.opts.Reader.NewReplica(e.ctx, topic, open, func(partition int32, l changelog.Loaded) {
		e.observe.recovered("", topic, partition, l)
	})
	if err != nil {
		return fmt.Errorf("lookup of table %q: %w", topic, err)
	}
	e.lookups[topic] = r
	running.Go(func() {
		if err := r.Run(e.ctx); err != nil && e.ctx.Err() == nil {
			e.fail(fmt.Errorf("lookup of table %q: %w", topic, err))
		}
	})
	return nil
}

// runAll runs the processors until the last has stopped, or until one takes too long to.
func (e *Engine) runAll(processors []*processor) {
	stopped := make(chan *processor, len(processors))
	left := make(map[*processor]bool, len(processors))
	for _, p := range processors {
		left[p] = true
		go func() {
			if err := p.run(e.ctx); err != nil {
				e.fail(err)
				e.observe.stopped(p.k.Name, err)
			}
			e.latch.cancel(errStopped) // one that ends takes the others along
			stopped <- p
		}()
	}
	for _, p := range processors {
		select {
		case <-p.ready:
		case <-e.ctx.Done():
		}
	}
	if e.ctx.Err() == nil {
		close(e.ready)
		<-e.ctx.Done()
	}
	timer := time.NewTimer(e.opts.DrainTimeout + hang)
	defer timer.Stop()
	for len(left) > 0 {
		select {
		case p := <-stopped:
			delete(left, p)
		case <-timer.C:
			for p := range left {
				e.fail(&ProcessError{Processor: p.k.Name, Offset: -1, Err: errHangs})
			}
			return
		}
	}
}

// errHangs is the end of a processor whose handler does not return.
var errHangs = errors.New("a handler did not return after its context was done")

// fail keeps the first error and ends the run.
func (e *Engine) fail(err error) {
	e.broken.Store(true)
	e.latch.set(err)
	e.changed.raise()
}

// failed reports whether the run has failed.
func (e *Engine) failed() bool { return e.broken.Load() }

// failure returns the first error.
func (e *Engine) failure() error { return e.latch.get() }
