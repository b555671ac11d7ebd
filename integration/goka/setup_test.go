package goka_test

import (
	"context"
	"errors"
	"io"
	"log"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/lovoo/goka/storage"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/integration/brokertest"
	"github.com/eddystream/eddy/topology"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(brokertest.Main(m),
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"),  // one, of the program
		goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain")) // ends some time after its store was closed
}

// patience bounds each wait for what should come soon.
const patience = time.Minute

// partitions is the number of every topic's partitions.
const partitions = 4

// text is a codec of Eddy's that writes what Goka's codec.String does.
var text = codecs.String[string]()

// silent takes Goka's log.
var silent = log.New(io.Discard, "", 0)

// deliveries are what an app of Eddy may promise.
var deliveries = []topology.Delivery{topology.AtLeastOnce, topology.ExactlyOnce}

// world is a broker with an app of Eddy's settings, and what a Goka program beside it has to set.
type world struct {
	t   *testing.T
	cfg topology.Config
	// offsets is nil where Goka's own topic manager does.
	offsets *topology.GokaOffsets

	mu   sync.Mutex
	left []func() error // closed at the end
}

func setup(t *testing.T, d topology.Delivery) *world {
	t.Helper()
	w := &world{t: t, cfg: topology.Config{Brokers: brokertest.Start(t), InMemory: true, Partitions: partitions, Delivery: d}}
	t.Cleanup(w.closeAll)
	if d == topology.ExactlyOnce {
		w.useOffsets()
	}
	return w
}

// useOffsets has Goka ask Eddy where topics end.
func (w *world) useOffsets() {
	w.t.Helper()
	var err error
	w.offsets, err = topology.OpenGokaOffsets(w.cfg)
	must(w.t, err)
	w.t.Cleanup(w.offsets.Close)
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// sarama is Goka's configuration of sarama. It is a new one each time, because Goka writes to it.
func (w *world) sarama() *sarama.Config {
	c := goka.DefaultConfig()
	c.Consumer.Offsets.Initial = sarama.OffsetOldest // Goka's default begins a new group at the end of its inputs
	if w.cfg.Delivery == topology.ExactlyOnce {
		c.Consumer.IsolationLevel = sarama.ReadCommitted
	}
	return c
}

// topicManager is Goka's, but that it asks Eddy where topics end.
type topicManager struct {
	goka.TopicManager

	offsets *topology.GokaOffsets // nil: it does not
	close   func() error
}

// GetOffset implements [goka.TopicManager].
func (m topicManager) GetOffset(topic string, partition int32, time int64) (int64, error) {
	if m.offsets == nil {
		return m.TopicManager.GetOffset(topic, partition, time)
	}
	return m.offsets.GetOffset(topic, partition, time)
}

// Close implements [goka.TopicManager].
func (m topicManager) Close() error { return m.close() }

// topicManagerConfig makes topics that one broker can hold.
func (w *world) topicManagerConfig() *goka.TopicManagerConfig {
	c := goka.NewTopicManagerConfig()
	c.Table.Replication, c.Stream.Replication = 1, 1
	return c
}

// topicManagers is a builder for Goka.
func (w *world) topicManagers(brokers []string) (goka.TopicManager, error) {
	m, err := goka.TopicManagerBuilderWithConfig(w.sarama(), w.topicManagerConfig())(brokers)
	if err != nil {
		return nil, err
	}
	return topicManager{m, w.offsets, w.closeAtEnd(m.Close)}, nil
}

// viewOptions are the options of a view. It keeps its rows in a folder, as it does by default, and tells changed of each
// update.
func (w *world) viewOptions(key codecs.Codec[string], changed func()) []goka.ViewOption {
	return []goka.ViewOption{
		goka.WithViewHasher(topology.GokaHasher(key)),
		goka.WithViewStorageBuilder(storage.DefaultBuilder(w.t.TempDir())),
		goka.WithViewConsumerSaramaBuilder(w.consumers),
		goka.WithViewTopicManagerBuilder(w.topicManagers),
		goka.WithViewLogger(silent),
		goka.WithViewCallback(func(ctx goka.UpdateContext, s storage.Storage, key string, value []byte) error {
			defer changed()
			return goka.DefaultUpdate(ctx, s, key, value)
		}),
	}
}

// A view of Goka closes neither its consumer nor its topic managers, nor does a processor those of its lookups. Here that is done when all
// has ended.

// consumer is one that can be closed twice.
type consumer struct {
	sarama.Consumer

	close func() error
}

func (c consumer) Close() error { return c.close() }

func (w *world) consumers(brokers []string, clientID string) (sarama.Consumer, error) {
	c, err := goka.SaramaConsumerBuilderWithConfig(w.sarama())(brokers, clientID)
	if err != nil {
		return nil, err
	}
	return consumer{c, w.closeAtEnd(c.Close)}, nil
}

func (w *world) closeAtEnd(fn func() error) func() error {
	once := sync.OnceValue(fn)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = append(w.left, once)
	return once
}

func (w *world) closeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fn := range w.left {
		if err := fn(); err != nil {
			w.t.Error(err)
		}
	}
}

// runGoka runs a processor of Goka until the end of the test, and returns when it has recovered its tables.
func (w *world) runGoka(g *goka.GroupGraph, options ...goka.ProcessorOption) *goka.Processor {
	w.t.Helper()
	p, err := goka.NewProcessor(w.cfg.Brokers, g, append([]goka.ProcessorOption{
		goka.WithHasher(topology.GokaHasher(text)),
		goka.WithStorageBuilder(storage.DefaultBuilder(w.t.TempDir())),
		goka.WithConsumerGroupBuilder(goka.ConsumerGroupBuilderWithConfig(w.sarama())),
		goka.WithConsumerSaramaBuilder(w.consumers),
		goka.WithProducerBuilder(goka.ProducerBuilderWithConfig(w.sarama())),
		goka.WithTopicManagerBuilder(w.topicManagers),
		goka.WithLogger(silent),
	}, options...)...)
	must(w.t, err)
	w.run("a processor of Goka", p.Run)
	must(w.t, p.WaitForReadyContext(w.ctx()))
	return p
}

// run runs fn until the end of the test.
func (w *world) run(what string, fn func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- fn(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("%s ended with %v", what, err)
		}
	})
}

// send sends records to a stream and waits until an app has processed them all.
func send(w *world, app *topology.App, s topology.Stream[string, string], keysAndValues ...string) {
	w.t.Helper()
	for i := 0; i < len(keysAndValues); i += 2 {
		must(w.t, topology.Produce(w.ctx(), app.Producer(), s, keysAndValues[i], keysAndValues[i+1]))
	}
	must(w.t, app.Settle(w.ctx()))
}

// remove sends tombstones and waits likewise.
func remove(w *world, app *topology.App, s topology.Stream[string, string], keys ...string) {
	w.t.Helper()
	for _, k := range keys {
		must(w.t, topology.ProduceDelete(w.ctx(), app.Producer(), s, k))
	}
	must(w.t, app.Settle(w.ctx()))
}

// follower reads a topic from its start.
type follower struct {
	w     *world
	kafka *kgo.Client
	rows  map[string]string // the last value of each key
}

func (w *world) follow(topic string) *follower {
	w.t.Helper()
	kafka, err := kgo.NewClient(kgo.SeedBrokers(w.cfg.Brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	must(w.t, err)
	w.t.Cleanup(kafka.Close)
	return &follower{w: w, kafka: kafka, rows: map[string]string{}}
}

// await reads until the last values are those wanted.
func (f *follower) await(want map[string]string) {
	f.w.t.Helper()
	ctx := f.w.ctx()
	for !maps.Equal(f.rows, want) {
		fetches := f.kafka.PollFetches(ctx)
		if ctx.Err() != nil {
			f.w.t.Fatalf("the topic has %v, want %v", f.rows, want)
		}
		must(f.w.t, errors.Join(fetches.Err()))
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Value == nil {
				delete(f.rows, string(r.Key))
				return
			}
			f.rows[string(r.Key)] = string(r.Value)
		})
	}
}

func build(t testing.TB, b *topology.Builder) *topology.Topology {
	t.Helper()
	topo, err := b.Build()
	must(t, err)
	return topo
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
