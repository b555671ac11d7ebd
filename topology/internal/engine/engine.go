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
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/source"
	"github.com/eddystream/eddy/topology/internal/store"
)

// hang is how long a processor may take to stop beyond the drain timeout.
const hang = 3 * time.Second

// Delivery is what a processor promises.
type Delivery = kernel.Delivery

// The deliveries.
const (
	AtLeastOnce = kernel.AtLeastOnce
	ExactlyOnce = kernel.ExactlyOnce
)

// Options are what an engine runs, and with what. All are required but those that say so. The engine closes none of them.
type Options struct {
	// Topology has the processors to run. Their topics exist.
	Topology *kernel.Topology
	// Whole is the topology that they are some of; nil: it is Topology.
	Whole  *kernel.Topology
	Client *cluster.Client
	// Cluster is what tasks ask beside records; nil: it is Client.
	Cluster Cluster
	Store   *store.DB
	Reader  *changelog.Reader

	// Sender is what this process writes with from outside of the processors; Settle waits for it.
	Sender sender.Sender
	// Room and Ends are shared by all senders of the process.
	Room *sender.Room
	Ends *sender.Ends
	// Open and OpenTransactional open the senders of processors.
	Open              func(sender.Options) (sender.Sender, error)
	OpenTransactional func(sender.TransactionalOptions) (sender.Transactional, error)

	// Delivery is what processors promise, Deliveries what some do that differ, by name. Optional.
	Delivery   Delivery
	Deliveries map[string]Delivery
	// Instance tells this process from the others that run the topology, also after a restart. It is a part of transactional ids, and,
	// if Static is set, what makes it a static member of its groups.
	Instance string
	Static   bool // optional

	// OnError is what becomes of records that fail where a processor does not say; OnErrors is stronger than what one says, by name. Optional.
	OnError  kernel.Policies
	OnErrors map[string]kernel.Policies

	BatchRecords   int
	BatchBytes     int
	MaxRecordBytes int           // of a key, a value and headers; 0: [cluster.DefaultMaxRecordBytes]
	CommitInterval time.Duration // optional
	Unpacked       bool          // messages of packed streams are sent one by one
	DrainTimeout   time.Duration
	Memory         Memory
	Standby        bool          // optional
	PurgeInterval  time.Duration // how often what is committed is deleted from internal streams; 0: a minute
	WatchInterval  time.Duration // how often topics are looked at; 0: 5 s

	// Now is the clock of tasks, and the wall clock of timers and punctuations; nil: [time.Now]. Whoever moves another one on calls [Engine.Wake].
	Now func() time.Time

	Logger   *slog.Logger
	Observer kernel.Observer // optional
	// Reached is told of every step of a commit when it was done. It is for tests; optional.
	Reached func(step string)
}

// Cluster is what tasks ask of the brokers beside records. [cluster.Client] is one.
type Cluster interface {
	Settings() cluster.Settings
	Partitions(ctx context.Context, topic string) (int32, error)
	// Starts and Ends are the first and the next offset of every partition of topics: topic, then partition.
	Starts(ctx context.Context, topics ...string) (map[string][]int64, error)
	Ends(ctx context.Context, topics ...string) (map[string][]int64, error)
	TopicIDs(ctx context.Context, topics ...string) (map[string]fence.TopicID, error)
	// After is the offset of the first record of every partition of topics that is not before a time; the end where there is none.
	After(ctx context.Context, since time.Time, topics ...string) (map[string][]int64, error)
	// Committed is what a group has committed: topic, then partition.
	Committed(ctx context.Context, group string) (map[string]map[int32]int64, error)
	StableOffsets(ctx context.Context, group string, partitions []kernel.TopicPartition) (map[kernel.TopicPartition]cluster.CommittedOffset, error)
	CommitOffsets(ctx context.Context, m cluster.Member, offsets map[kernel.TopicPartition]cluster.CommittedOffset) error
	Heartbeat(ctx context.Context, m cluster.Member) (rebalancing bool, err error)
}

func (o *Options) delivery(processor string) Delivery {
	if d, ok := o.Deliveries[processor]; ok {
		return d
	}
	return o.Delivery
}

// onError is what becomes of records that a processor cannot process.
func (o *Options) onError(k *kernel.Processor) kernel.Policies {
	return o.OnErrors[k.Name].Or(k.OnError).Or(o.OnError)
}

// Memory is what the tasks of a process share.
type Memory struct {
	Rows    *cache.Budget  // decoded rows
	Fetched *source.Budget // records that wait for their task
	Batches *Batches       // what was processed and is not committed
}

// Engine runs the processors of a topology. It runs once.
type Engine struct {
	opts Options

	ctx        context.Context // of the run: done when it stops or has failed
	latch      *latch
	broken     atomic.Bool     // the latch has an error
	crashing   context.Context // done when the run is to end like a crash
	crash      context.CancelFunc
	processors atomic.Pointer[[]*processor]  // nil before the lookups have recovered
	lookups    map[string]*changelog.Replica // by topic
	changed    signal                        // positions, assignments, the end
	ready      chan struct{}
	ends       ends
	halts      halts
}

// New returns an engine. It does no I/O.
func New(o Options) *Engine {
	e := &Engine{opts: o, ready: make(chan struct{}), halts: halts{first: make(chan struct{})}, lookups: map[string]*changelog.Replica{}}
	if e.opts.Whole == nil {
		e.opts.Whole = o.Topology
	}
	if e.opts.Cluster == nil {
		e.opts.Cluster = o.Client
	}
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.MaxRecordBytes == 0 {
		e.opts.MaxRecordBytes = cluster.DefaultMaxRecordBytes
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	e.ctx, e.latch = ctx, &latch{cancel: cancel}
	e.crashing, e.crash = context.WithCancel(context.Background())
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

	defer e.crash() // what hangs

	e.opts.Client.OnChange(e.topicChanged)
	defer e.opts.Client.OnChange(nil)
	var helpers sync.WaitGroup
	processors, err := e.prepare(&helpers)
	if err == nil {
		e.processors.Store(&processors)
		helpers.Go(func() { e.maintain(processors) })
		helpers.Go(func() { e.watch(processors) })
		e.runAll(processors)
	} else if e.ctx.Err() == nil {
		e.fail(err)
	}
	e.latch.cancel(errStopped)
	helpers.Wait()
	if err := e.failure(); err != nil {
		return err
	}
	return e.Halted()
}

// Crash ends the run like a crash of the process: nothing more is committed, nothing is drained. It is for tests.
func (e *Engine) Crash() {
	e.crash()
	e.eachAssignment(func(a *assignment) { a.end(errCrashed) })
	e.latch.cancel(errStopped)
}

// Wake has all tasks look at the wall clock that go by it.
func (e *Engine) Wake() {
	e.eachAssignment(func(a *assignment) {
		for _, t := range a.tasks {
			if t.time.walls {
				t.wake.Raise()
			}
		}
	})
}

// now is the time on the wall clock.
func (e *Engine) now() time.Time { return e.opts.Now() }

// ExpireLeases ends the leases of all assignments, as a pause of the process does. It is for tests.
func (e *Engine) ExpireLeases() { e.eachAssignment(func(a *assignment) { a.lease.expire() }) }

func (e *Engine) eachAssignment(do func(*assignment)) {
	if processors := e.processors.Load(); processors != nil {
		for _, p := range *processors {
			if a := p.running.Load(); a != nil {
				do(a)
			}
		}
	}
}

// prepare recovers the lookups and makes the processors.
func (e *Engine) prepare(running *sync.WaitGroup) ([]*processor, error) {
	var processors []*processor
	internal := internalTopics(e.opts.Whole)
	for _, k := range e.opts.Topology.Processors {
		for _, t := range k.Lookups {
			if err := e.startLookup(t.Topic.Name, running); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range e.opts.Topology.Processors {
		p, err := newProcessor(e.ctx, e, k, internal)
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
	r, err := e.opts.Reader.NewReplica(e.ctx, changelog.ReplicaConfig{
		Topic: topic, Open: open, Screen: e.screenLookup(topic),
		Loaded: func(partition int32, l changelog.Loaded) {
			if f := e.opts.Observer.Recovered; f != nil {
				f(recoveredInfo("", topic, partition, l))
			}
		},
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

// internalTopics are the topics that processors of a topology write and read: their records tell by whom they were written.
func internalTopics(t *kernel.Topology) map[string]bool {
	written, internal := map[string]bool{}, map[string]bool{}
	for _, p := range t.Processors {
		for _, out := range p.Outputs {
			written[out.Topic.Name] = true
		}
	}
	for _, p := range t.Processors {
		for _, in := range p.Inputs {
			internal[in.Topic.Name] = written[in.Topic.Name]
		}
		if p.Loop != nil {
			internal[p.Loop.Topic.Name] = true
		}
	}
	return internal
}

// runAll runs the processors until the last has stopped, or until one takes too long to.
func (e *Engine) runAll(processors []*processor) {
	stopped := make(chan *processor, len(processors))
	left := make(map[*processor]bool, len(processors))
	for _, p := range processors {
		left[p] = true
		go func() {
			ctx, cancel := p.untilHalted(e.ctx)
			defer cancel()
			switch err := p.run(ctx); {
			case err == nil || p.isHalted():
			case errors.Is(err, ErrOffsetLost):
				p.halt(err)
			default:
				e.fail(err)
				if f := e.opts.Observer.Stopped; f != nil {
					f(kernel.StoppedInfo{Processor: p.k.Name, Err: err})
				}
			}
			if !p.isHalted() || e.halts.all(len(processors)) {
				e.latch.cancel(errStopped) // one that ends takes the others along, and so does the last that is halted
			}
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
				e.fail(&ProcessError{Processor: p.k.Name, Offset: -1, Err: p.hanging()})
			}
			return
		}
	}
}

// errHangs is the end of a processor whose handler does not return.
var errHangs = errors.New("a handler did not return after its context was done")

// errNoAnswer is the end of a processor that could not leave its group.
var errNoAnswer = errors.New("it could not leave its group, for the brokers do not answer: what is not committed is processed again")

// hanging is why the processor does not stop.
func (p *processor) hanging() error {
	if a := p.running.Load(); a != nil {
		for _, t := range a.tasks {
			if s := t.life.state(); (s == running || s == draining) && !t.isDone() {
				return errHangs
			}
		}
	}
	return errNoAnswer
}

// Fail ends the run with an error from outside of it.
func (e *Engine) Fail(err error) { e.fail(err) }

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
