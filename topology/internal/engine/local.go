package engine

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/deadletter"
	"github.com/eddystream/eddy/topology/internal/gokagroup"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/memlog"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/store"
)

// LocalOptions are what a [Local] runs, and how.
type LocalOptions struct {
	Topology *kernel.Topology
	Log      *memlog.Log // the topics of the topology are added
	Delivery Delivery
	Now      func() time.Time
	// Batch is how many records a processor takes before it commits, at most; Batches how many batches one Settle may take.
	Batch, Batches int
	// Fresh has all rows decoded anew after each record.
	Fresh bool
	// Rand draws what comes next; nil: the record that was written first does, and a batch is committed before anything else happens.
	Rand *rand.Rand
	// Crashes is how likely a commit ends in a crash of its processor.
	Crashes float64
}

// Local runs the tasks of a topology on the goroutine of its caller, over logs in memory. It has the tasks, batches, coordinators and tables of an
// [Engine], each processor in one assignment that has all of its partitions, and decides itself what the group, the brokers and time do
// elsewhere: which task goes on, when a commit takes its next step, how far joins and lookups follow, and where a processor crashes. It is not
// safe for concurrent use.
type Local struct {
	e          *Engine
	o          LocalOptions
	ctx        context.Context
	partitions []int32 // of every topic
	members    []*member
	lookups    []replica
	commit     *commit  // that takes a step
	fired      int      // handlers called by time since Settle was
	choices    []choice // scratch
}

// member is a processor at work.
type member struct {
	l       *Local
	p       *processor
	a       *assignment // nil: it is to begin, anew,
	empty   bool        // and with empty tables
	tasks   []*task     // by partition
	places  []int       // by input: of the next record among those of its topic, where records go in order
	joins   []replica
	ready   []*batch  // cut, and waiting for the coordinator
	commits []*commit // under way
}

// replica is a partition of a table that is followed.
type replica struct {
	*changelog.Replica
	topic     *memlog.Topic
	partition int32
}

// lag is how many records have not been applied.
func (r replica) lag() int {
	return int(r.topic.End(r.partition) - r.Position(r.partition))
}

// NewLocal returns a local engine at the start of its logs. Its handlers get a context of ctx.
func NewLocal(ctx context.Context, o LocalOptions) (*Local, error) {
	o.Topology = withDeadLetters(o.Topology)
	l := &Local{o: o, ctx: ctx}
	n, err := o.Log.Partitions(ctx, "")
	if err != nil {
		return nil, err
	}
	for i := range n {
		l.partitions = append(l.partitions, i)
	}
	l.e = New(Options{
		Topology: o.Topology, Cluster: o.Log, Store: store.OpenMemory(), Reader: changelog.NewLogReader(o.Log), Ends: &sender.Ends{},
		Delivery: o.Delivery, Now: o.Now, BatchRecords: math.MaxInt, BatchBytes: math.MaxInt,
		Memory: Memory{Rows: cache.NewBudget(1 << 30), Batches: NewBatches(math.MaxInt64)}, Logger: slog.New(slog.DiscardHandler), Reached: l.reached,
	})
	internal := internalTopics(o.Topology)
	if letters := o.Topology.DeadLetters; letters != nil {
		o.Log.Add(*letters)
	}
	for _, k := range o.Topology.Processors {
		l.addTopics(k)
		for _, t := range k.Lookups {
			if err := l.lookUp(t.Topic); err != nil {
				return nil, err
			}
		}
		p, err := newProcessor(ctx, l.e, k, internal)
		if err != nil {
			return nil, err
		}
		for i, t := range inputTopics(k) {
			p.inputs[i].handle = strict(p, t, p.inputs[i].handle)
		}
		l.members = append(l.members, &member{l: l, p: p, places: make([]int, len(p.inputs))})
	}
	return l, nil
}

// withDeadLetters is a topology with a topic of dead letters, where a processor has some by its own policy.
func withDeadLetters(t *kernel.Topology) *kernel.Topology {
	if t.DeadLetters != nil || !slices.ContainsFunc(t.Processors, func(p *kernel.Processor) bool { return p.OnError.DeadLetters() }) {
		return t
	}
	with := *t
	with.DeadLetters = &kernel.Topic{Name: t.Name + "-dead-letters", Retention: -1, MaxBytes: deadletter.MaxBytes}
	return &with
}

// inputTopics are the topics of a processor's inputs, and of its loop.
func inputTopics(k *kernel.Processor) (list []kernel.Topic) {
	for _, in := range k.Inputs {
		list = append(list, in.Topic)
	}
	if k.Loop != nil {
		list = append(list, k.Loop.Topic)
	}
	return list
}

func (l *Local) addTopics(k *kernel.Processor) {
	for _, t := range inputTopics(k) {
		l.o.Log.Add(t)
	}
	for _, out := range k.Outputs {
		l.o.Log.Add(out.Topic)
	}
	for _, own := range k.OwnTables() {
		l.o.Log.Add(own.Topic)
	}
	for _, t := range append(append([]*kernel.Table(nil), k.Joins...), k.Lookups...) {
		l.o.Log.Add(t.Topic).Followed = true
	}
}

// lookUp begins to follow a table, once for all processors.
func (l *Local) lookUp(t kernel.Topic) error {
	if l.e.lookups[t.Name] != nil {
		return nil
	}
	r, err := l.follow(changelog.ReplicaConfig{
		Topic: t.Name, Partitions: l.partitions,
		Open: func(partition int32) (*store.Table, error) {
			return l.e.opts.Store.Table(tableName(l.o.Topology.Name, roleLookup, t.Name, partition))
		},
	})
	if err != nil {
		return err
	}
	l.e.lookups[t.Name] = r
	for _, i := range l.partitions {
		l.lookups = append(l.lookups, replica{r, l.o.Log.Topic(t.Name), i})
	}
	return nil
}

func (l *Local) follow(c changelog.ReplicaConfig) (*changelog.Replica, error) {
	r, err := l.e.opts.Reader.NewReplica(l.ctx, c)
	if err == nil {
		err = r.Load(l.ctx)
	}
	return r, err
}

// Reload has the owner of a table begin anew before it processes anything: somebody else wrote to its changelog.
func (l *Local) Reload(table string) {
	for _, m := range l.members {
		if slices.ContainsFunc(m.p.k.OwnTables(), func(own *kernel.Table) bool { return own.Topic.Name == table }) {
			m.end(errOver)
		}
	}
}

// Restart has all processors begin anew, with what is in the logs and nothing else.
func (l *Local) Restart() {
	for _, m := range l.members {
		m.end(errOver)
		m.empty = true
	}
}

// start begins an assignment of all partitions.
func (m *member) start() (err error) {
	l, ctx := m.l, m.l.ctx
	if m.a, err = newAssignment(m.p, gokagroup.NewSession(ctx, l.o.Log.Join(m.p.k.Group), l.partitions)); err != nil {
		return err
	}
	m.p.building = m.a
	m.a.coordinator = newLocalCoordinator(m)
	m.tasks, m.joins = nil, nil
	for _, i := range l.partitions {
		t := m.a.tasks[i]
		l.watchTime(t)
		m.tasks = append(m.tasks, t)
		t.life.to(restoring)
		if err := m.restore(t); err != nil {
			return err
		}
	}
	m.empty = false
	if err := errors.Join(m.a.takeOver(ctx), m.a.rewriteAllStale(ctx)); err != nil {
		return err
	}
	for _, t := range m.tasks {
		for _, in := range t.inputs {
			in.from = &localRecords{log: l.o.Log.Topic(in.tp.Topic), partition: in.tp.Partition, next: in.start}
		}
		t.life.to(running)
	}
	return nil
}

// restore brings the tables of a task to their ends.
func (m *member) restore(t *task) error {
	if m.empty {
		for _, r := range t.kept {
			if err := r.table.Clear(); err != nil {
				return err
			}
		}
	}
	for _, r := range t.stores {
		if err := r.restore(m.l.ctx); err != nil {
			return err
		}
	}
	for _, def := range m.p.k.Joins {
		topic, changed := def.Topic.Name, &news{}
		r, err := m.l.follow(changelog.ReplicaConfig{
			Topic: topic, Partitions: []int32{t.partition},
			Open:    func(partition int32) (*store.Table, error) { return m.p.table(roleJoin, topic, partition) },
			Changed: func(_ int32, keys [][]byte) { changed.add(keys) },
		})
		if err != nil {
			return err
		}
		m.a.join(t, topic, r, changed)
		m.joins = append(m.joins, replica{r, m.l.o.Log.Topic(topic), t.partition})
	}
	return nil
}

// end ends an assignment where it is. What is not committed is lost, and what is under way fails.
func (m *member) end(cause error) {
	if m.a == nil {
		return
	}
	m.a.end(cause)
	m.a.session.End(cause)
	for len(m.commits) > 0 {
		m.commits[0].resume()
	}
	for _, t := range m.tasks {
		t.closeCaches()
		t.life.to(closed)
	}
	m.a, m.ready = nil, nil
}

// localRecords gives a task the next record of a partition when it is told to.
type localRecords struct {
	log       *memlog.Topic
	partition int32
	next      int64
	due       bool
	one       [1]*kgo.Record
}

// waiting reports whether there is a next record.
func (r *localRecords) waiting() bool { return r.next < r.log.End(r.partition) }

// Poll implements [records].
func (r *localRecords) Poll() ([]*kgo.Record, error) {
	if !r.due {
		return nil, nil
	}
	r.due = false
	r.one[0] = r.log.Record(r.partition, r.next)
	r.next++
	return r.one[:], nil
}
