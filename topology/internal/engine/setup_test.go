package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/source"
	"github.com/eddystream/eddy/topology/internal/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")) // one, of the program
}

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// bundle is a broker and a client that plays the outside world.
type bundle struct {
	t       testing.TB
	ctx     context.Context
	cluster *kfake.Cluster
	kafka   *kgo.Client
	admin   *kadm.Client
	log     *slog.Logger
	session time.Duration // the session timeout of groups; 0: the default
}

func setup(t testing.TB) *bundle {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	b := &bundle{t: t, ctx: ctx, cluster: broker.Start(t, broker.Options{}), log: slog.New(slog.DiscardHandler)}
	if os.Getenv("EDDY_TEST_LOG") != "" {
		b.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	kafka, err := kgo.NewClient(append(cluster.Franz(b.settings()), kgo.AllowAutoTopicCreation())...)
	b.check(err)
	b.kafka, b.admin = kafka, kadm.NewClient(kafka)
	t.Cleanup(kafka.Close)
	return b
}

func (b *bundle) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) settings() cluster.Settings {
	return cluster.Settings{Brokers: b.cluster.ListenAddrs(), ClientID: "test", SessionTimeout: b.session, Logger: b.log}
}

// topics makes the topics of a topology.
func (b *bundle) topics(k *kernel.Topology, partitions int) {
	b.t.Helper()
	client, err := cluster.Open(b.settings())
	b.check(err)
	defer client.Close()
	b.check(cluster.EnsureTopics(b.ctx, client, k, cluster.Policy{Partitions: partitions, Replication: 1, StreamRetention: -1, DeleteRetention: time.Hour}))
}

// produce writes records from outside and waits for them.
func (b *bundle) produce(records ...*kgo.Record) {
	b.t.Helper()
	b.check(b.kafka.ProduceSync(b.ctx, records...).FirstErr())
}

// to is a record for a partition.
func to(topic string, partition int32, key, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: partition, Key: []byte(key), Value: []byte(value)}
}

// keyed is a record for the partition of its key among n.
func keyed(topic string, n int32, key, value string) *kgo.Record {
	return to(topic, cluster.Partition([]byte(key), n), key, value)
}

// read reads a whole topic.
func (b *bundle) read(topic string) []*kgo.Record {
	b.t.Helper()
	ends, err := b.admin.ListEndOffsets(b.ctx, topic)
	b.check(err)
	var left int64
	ends.Each(func(o kadm.ListedOffset) { left += o.Offset })
	client, err := kgo.NewClient(append(cluster.Franz(b.settings()), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	b.check(err)
	defer client.Close()
	var records []*kgo.Record
	for int64(len(records)) < left {
		fetches := client.PollFetches(b.ctx)
		b.check(fetches.Err0())
		b.check(b.ctx.Err())
		records = append(records, fetches.Records()...)
	}
	return records
}

// committed is the committed offset of a group; -1 if there is none.
func (b *bundle) committed(group, topic string, partition int32) int64 {
	b.t.Helper()
	offsets, err := b.admin.FetchOffsets(b.ctx, group)
	if err != nil {
		return -1
	}
	if o, ok := offsets.Lookup(topic, partition); ok {
		return o.At
	}
	return -1
}

// run is an engine at work.
type run struct {
	*engine.Engine
	*valve
	b       *bundle
	outside sender.Sender
	ends    *sender.Ends
	store   *store.DB
	cancel  context.CancelFunc
	done    chan struct{}
	err     error
	once    sync.Once
	own     bool // the store is the run's
	client  *cluster.Client
	reader  *changelog.Reader
}

// tune changes the options of a run before it starts.
type tune func(*engine.Options)

// on runs on a store that outlives the run.
func on(db *store.DB) tune { return func(o *engine.Options) { o.Store = db } }

// start runs a topology whose topics exist.
func (b *bundle) start(k *kernel.Topology, tunes ...tune) *run {
	b.t.Helper()
	client, err := cluster.Open(b.settings())
	b.check(err)
	reader, err := changelog.NewReader(client, b.log)
	b.check(err)
	r := &run{b: b, valve: newValve(), done: make(chan struct{}), client: client, reader: reader}
	o := engine.Options{
		Topology: k, Client: client, Reader: reader, Room: sender.NewRoom(64 << 20), Ends: &sender.Ends{},
		Open: r.valve.opens(client), OpenTransactional: r.valve.opensTransactional(client), Instance: uniqueInstance(),
		BatchRecords: 10_000, BatchBytes: 8 << 20, DrainTimeout: 5 * time.Second, Logger: b.log,
		Memory: engine.Memory{Rows: cache.NewBudget(16 << 20), Fetched: source.NewBudget(16 << 20), Batches: engine.NewBatches(64 << 20)},
	}
	o.Sender, err = sender.Open(client, sender.Options{Room: o.Room, Ends: o.Ends})
	b.check(err)
	r.outside, r.ends = o.Sender, o.Ends
	for _, fn := range tunes {
		fn(&o)
	}
	if o.Store == nil {
		o.Store, r.own = store.OpenMemory(), true
	}
	r.store = o.Store
	r.Engine = engine.New(o)
	ctx, cancel := context.WithCancel(b.ctx)
	r.cancel = cancel
	go func() {
		defer close(r.done)
		r.err = r.Run(ctx)
	}()
	b.t.Cleanup(func() { r.end(r.cancel) })
	return r
}

// started waits until the run is ready.
func (r *run) started() *run {
	r.b.t.Helper()
	select {
	case <-r.Ready():
	case <-r.done:
		r.b.t.Fatalf("ended before it was ready: %v", r.err)
	case <-time.After(patience):
		r.b.t.Fatal("not ready")
	}
	return r
}

// stop ends the run as a signal to the process does.
func (r *run) stop() error { return r.end(r.cancel) }

// crash ends it as a kill does, but for the store, which is as it was.
func (r *run) crash() { _ = r.end(r.Crash) }

func (r *run) end(how func()) error {
	r.once.Do(func() {
		how()
		select {
		case <-r.done:
		case <-time.After(patience):
			r.b.t.Error("the engine does not stop")
			return
		}
		r.cancel()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r.open()
		_ = r.outside.Close(ctx)
		r.reader.Close()
		r.client.Close()
		if r.own {
			_ = r.store.Close()
		}
	})
	return r.err
}

// wait waits for the end of a run that ends by itself.
func (r *run) wait() error {
	r.b.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.b.t.Fatal("the engine goes on")
	}
	return r.end(func() {})
}

// settle waits until the run is at rest.
func (r *run) settle() {
	r.b.t.Helper()
	ctx, cancel := context.WithTimeout(r.b.ctx, patience)
	defer cancel()
	if err := r.Settle(ctx); err != nil {
		r.b.t.Fatalf("settle: %v", err)
	}
}

var instances atomic.Int64

// uniqueInstance tells one run from another.
func uniqueInstance() string { return fmt.Sprintf("instance-%d", instances.Add(1)) }

// await waits for a value.
func await[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing comes")
		panic("unreachable")
	}
}

// topic is a stream's topic.
func topic(name string) kernel.Topic { return kernel.Topic{Name: name} }

// counts is a table of integers.
func counts(name string) *kernel.Table {
	return &kernel.Table{
		Topic:  kernel.Topic{Name: name, Table: true},
		Encode: func(row any) ([]byte, error) { return []byte(strconv.Itoa(row.(int))), nil },
		Decode: func(data []byte) (any, error) {
			n, err := strconv.Atoi(string(data))
			return n, err
		},
	}
}

// only is a topology of the processors given.
func only(processors ...*kernel.Processor) *kernel.Topology {
	return &kernel.Topology{Name: "test", Processors: processors}
}

// bump adds one to the row at the record's key in the group table and returns the new count.
func bump(t kernel.Task, key []byte) (int, error) { return bumpIn(t.Own(), key) }

// bumpIn adds one to a row and returns the new count.
func bumpIn(rows kernel.Rows, key []byte) (int, error) {
	row, _, err := rows.Get(key)
	if err != nil {
		return 0, err
	}
	n, _ := row.(int)
	return n + 1, rows.Set(key, n+1)
}

// counter counts the records of "in" by key in its table and emits each new count to "out".
func counter() (*kernel.Processor, *kernel.Output) {
	out := &kernel.Output{Topic: topic("out")}
	return &kernel.Processor{
		Name: "counter", Group: "test-counter",
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			n, err := bump(t, m.Key)
			if err != nil {
				return err
			}
			return t.Emit(out, m.Key, []byte(strconv.Itoa(n)), m.Timestamp, nil)
		}}},
		Own: counts("test-counter-table"), Outputs: []*kernel.Output{out},
	}, out
}

// twin is a counter that counts in a further store as well.
func twin() *kernel.Processor {
	p, _ := counter()
	p.Stores = []*kernel.Table{counts(twinTable)}
	count := p.Inputs[0].Handle
	p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		if _, err := bumpIn(t.Store(0), m.Key); err != nil {
			return err
		}
		return count(ctx, t, m)
	}
	return p
}

const twinTable = "test-counter-twin-changelog"

var errTest = errors.New("out of luck")

func sprint(records []*kgo.Record) []string {
	var list []string
	for _, r := range records {
		list = append(list, fmt.Sprintf("%s=%s", r.Key, r.Value))
	}
	return list
}

// observing tells how many records each load of a table read.
func observing(loaded func(records int64)) tune {
	return func(o *engine.Options) {
		o.Observer.Recovered = func(i kernel.RecoveredInfo) { loaded(i.Records) }
	}
}
