package topology

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/crashpoint"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/source"
)

// closeTimeout bounds the flush of what was sent when an app ends.
const closeTimeout = 10 * time.Second

// ErrNotRunning is returned by [App.Settle] when the app has ended, or ends meanwhile, without an error, and by a second
// [App.Run].
var ErrNotRunning = engine.ErrNotRunning

// App runs a topology, or some of its processors, in this process. Any number of processes may run one topology on one
// cluster: they share its partitions. All methods are safe for concurrent use.
type App struct {
	cfg    Config
	memory MemoryPlan
	whole  *kernel.Topology
	part   *kernel.Topology // the processors to run
	client *cluster.Client
	sender sender.Sender // of [App.Producer]
	room   *sender.Room  // of all senders
	ends   *sender.Ends

	used    atomic.Bool
	engine  *engine.Engine // readable once started is closed
	started chan struct{}
	ready   chan struct{}
	ended   chan struct{}
	err     error // of Run; readable once ended is closed
	closing sync.Once
}

// NewApp returns an app that runs t's processors, or those that cfg names. It does no I/O; the error joins every problem
// of cfg. [App.Run] closes the app; one that is never run has to be closed by [App.Close].
func NewApp(t *Topology, cfg Config) (*App, error) {
	part, errs := subset(t.kernel, cfg.Processors)
	for _, named := range []struct {
		field string
		names []string
	}{
		{"deliveries", slices.Sorted(maps.Keys(cfg.Deliveries))},
		{"on errors", slices.Sorted(maps.Keys(cfg.OnErrors))},
	} {
		for _, name := range named.names {
			if !slices.Contains(t.Processors(), name) {
				errs = append(errs, fmt.Errorf("%s: topology %q has no processor %q", named.field, t.Name(), name))
			}
		}
	}
	errs = append(errs, cfg.Validate(), checkDeadLetters(cfg.withDeadLetters(t.kernel)))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	memory, err := cfg.MemoryPlan()
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	settings := cfg.settings()
	settings.FetchBytes = memory.fetchBytes(readers(part))
	whole := cfg.withDeadLetters(t.kernel)
	if whole.DeadLetters != nil {
		settings.MaxBytes = map[string]int{whole.DeadLetters.Name: whole.DeadLetters.MaxBytes}
	}
	client, err := cluster.Open(settings)
	if err != nil {
		return nil, err
	}
	room, ends := sender.NewRoom(memory.Sending), &sender.Ends{}
	s, err := sender.Open(client, sender.Options{Room: room, Ends: ends})
	if err != nil {
		client.Close()
		return nil, err
	}
	return &App{
		cfg: cfg, memory: memory, whole: whole, part: part, client: client, sender: s, room: room, ends: ends,
		started: make(chan struct{}), ready: make(chan struct{}), ended: make(chan struct{}),
	}, nil
}

// readers is how many clients read what a topology's processors need: one for the inputs of each, one for its joins, one for each lookup.
func readers(t *kernel.Topology) int {
	n := 0
	for _, p := range t.Processors {
		n += 1 + len(p.Lookups)
		if len(p.Joins) > 0 {
			n++
		}
	}
	return n
}

// subset is t with the processors of the given names only; all of them if there are no names.
func subset(t *kernel.Topology, names []string) (*kernel.Topology, []error) {
	if len(names) == 0 {
		return t, nil
	}
	var errs []error
	part := &kernel.Topology{Name: t.Name}
	for _, name := range names {
		i := slices.IndexFunc(t.Processors, func(p *kernel.Processor) bool { return p.Name == name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("processors: topology %q has no processor %q", t.Name, name))
			continue
		}
		part.Processors = append(part.Processors, t.Processors[i])
	}
	return part, errs
}

// Run makes the topics that the topology writes, if they do not exist, and checks the others: one that is only read has to exist, unless it is declared with
// [CreateMissing]. It recovers the tables that are looked up, and runs the processors until ctx
// is done; then it commits what was processed, gives up the partitions and returns nil. It returns a [*ProcessError] if a
// record could not be processed, which [errors.Is] and [errors.As] look through, and another error if topics do not fit or
// the cluster or the disk fail. It runs once.
func (a *App) Run(ctx context.Context) error {
	if a.used.Swap(true) {
		return fmt.Errorf("run topology %q: %w", a.whole.Name, ErrNotRunning)
	}
	a.err = a.runOnce(ctx)
	close(a.ended)
	return a.err
}

func (a *App) runOnce(ctx context.Context) (err error) {
	defer a.closeClients()
	db, err := a.cfg.openStore(a.whole.Name, a.memory.BlockCache, a.memory.Memtables)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	policy := a.cfg.topicPolicy()
	policy.OnlyOurs, policy.Known = true, engine.KnowsTable(db)
	if err := cluster.EnsureTopics(ctx, a.client, a.whole, policy); err != nil {
		return ended(ctx, err)
	}
	instance, static, err := a.cfg.instance(a.whole.Name)
	if err != nil {
		return err
	}
	reader, err := changelog.NewReader(a.client, a.cfg.Logger)
	if err != nil {
		return err
	}
	defer reader.Close()

	a.engine = engine.New(engine.Options{
		Topology: a.part, Whole: a.whole, Client: a.client, Store: db, Reader: reader,
		Sender: a.sender, Room: a.room, Ends: a.ends,
		Open: func(o sender.Options) (sender.Sender, error) { return sender.Open(a.client, o) },
		OpenTransactional: func(o sender.TransactionalOptions) (sender.Transactional, error) {
			return sender.OpenTransactional(a.client, o)
		},
		Delivery: a.cfg.Delivery, Deliveries: a.cfg.Deliveries, Instance: instance, Static: static,
		OnError: a.cfg.OnError, OnErrors: a.cfg.OnErrors, MaxRecordBytes: a.cfg.MaxRecordBytes,
		BatchRecords: a.cfg.BatchRecords, BatchBytes: a.cfg.BatchBytes, CommitInterval: a.cfg.CommitInterval, Unpacked: a.cfg.Unpacked,
		DrainTimeout: a.cfg.DrainTimeout, Standby: a.cfg.Standby,
		Memory: engine.Memory{Rows: cache.NewBudget(a.memory.Rows), Fetched: source.NewBudget(a.memory.queued()), Batches: engine.NewBatches(a.memory.Batches)},
		Logger: a.cfg.Logger, Observer: *a.cfg.Observer, Reached: crashpoint.Reached(),
	})
	close(a.started)
	over := make(chan struct{})
	var forward sync.WaitGroup
	forward.Go(func() {
		select {
		case <-a.engine.Ready():
			close(a.ready)
		case <-over:
		}
	})
	forward.Go(func() {
		select {
		case <-db.Failed():
			a.engine.Fail(db.Failure())
		case <-over:
		}
	})
	err = a.engine.Run(ctx)
	close(over)
	forward.Wait()
	return err
}

// ended is err, or nil if ctx was done first: then err is only how that showed.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the contract above
	}
	return err
}

// closeClients ends the connections.
func (a *App) closeClients() {
	a.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		if err := a.sender.Close(ctx); err != nil {
			a.cfg.Logger.Warn("close sender", "error", err)
		}
		a.client.Close()
	})
}

// Close ends the connections of an app that is not run. It must not be called while Run runs; after it, it does nothing.
func (a *App) Close() { a.closeClients() }

// Health is why the app is not at work: it is not ready yet, partitions are being assigned, of one that had records then the first batch is not
// committed, an input or a table cannot be read at present, or a processor has stopped ([ErrOffsetLost]) while the others go on. It is nil while all
// is well. Unlike [App.Ready] it may change at any time.
func (a *App) Health() error {
	select {
	case <-a.ended:
		return a.outcome()
	default:
	}
	select {
	case <-a.started:
		return a.engine.Health()
	default:
		return errStarting
	}
}

// errStarting says that topics are being looked at.
var errStarting = errors.New("topics are being created or checked")

// Ready is closed when every processor owns its partitions and has recovered for the first time.
func (a *App) Ready() <-chan struct{} { return a.ready }
