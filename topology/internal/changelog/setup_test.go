package changelog

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const topic = "rows"

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// hangsAfter is how long a transaction is waited for that nobody has open.
const hangsAfter = time.Second

// bundle is a broker with the table topic, a reader of it, a producer to it and a store.
type bundle struct {
	t      testing.TB
	broker *kfake.Cluster
	client *cluster.Client
	reader *Reader
	kafka  *kgo.Client
	db     *store.DB
}

func setup(t testing.TB, partitions int) *bundle {
	t.Helper()
	return setupOn(t, broker.Start(t, broker.Options{}), partitions, cluster.Policy{})
}

func setupOn(t testing.TB, cl *kfake.Cluster, partitions int, policy cluster.Policy) *bundle {
	t.Helper()
	client, err := cluster.Open(cluster.Settings{Brokers: cl.ListenAddrs(), HangsAfter: hangsAfter})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	b := &bundle{t: t, broker: cl, client: client, db: store.OpenMemory()}
	policy.Partitions = partitions
	b.ensure(policy)
	if b.reader, err = NewReader(client, nil); err != nil {
		t.Fatal(err)
	}
	b.reader.absentFor = 50 * time.Millisecond
	t.Cleanup(b.reader.Close)
	if b.kafka, err = kgo.NewClient(client.Kgo()...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.kafka.Close)
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bundle) ensure(policy cluster.Policy) {
	b.t.Helper()
	table := &kernel.Topology{Processors: []*kernel.Processor{{Name: "p", Lookups: []*kernel.Table{{Topic: kernel.Topic{Name: topic, Table: true}}}}}}
	if err := cluster.EnsureTopics(context.Background(), b.client, table, policy); err != nil {
		b.t.Fatal(err)
	}
}

// recreate deletes the topic and makes it anew.
func (b *bundle) recreate(partitions int) {
	b.t.Helper()
	if _, err := kadm.NewClient(b.kafka).DeleteTopic(context.Background(), topic); err != nil {
		b.t.Fatal(err)
	}
	b.ensure(cluster.Policy{Partitions: partitions})
	b.kafka.PurgeTopicsFromClient(topic)
}

func record(partition int32, key, value string) *kgo.Record {
	r := &kgo.Record{Topic: topic, Partition: partition, Key: []byte(key)}
	if value != "" {
		r.Value = []byte(value)
	}
	return r
}

// put writes "key", "value" pairs; an empty value deletes.
func (b *bundle) put(partition int32, pairs ...string) {
	b.t.Helper()
	var records []*kgo.Record
	for i := 0; i < len(pairs); i += 2 {
		records = append(records, record(partition, pairs[i], pairs[i+1]))
	}
	if err := b.kafka.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

// stamped is a record of a task with an epoch; 0: of somebody who has none.
func stamped(partition int32, key, value string, epoch int64) *kgo.Record {
	r := record(partition, key, value)
	if epoch > 0 {
		stamp := fence.Stamp{Task: fence.Task{Processor: "p", Partition: partition}, Epoch: epoch}
		r.Headers = []kgo.RecordHeader{{Key: "other", Value: []byte("x")}, {Key: fence.HeaderKey, Value: stamp.Append(nil)}}
	}
	return r
}

// putAs is put of a task with an epoch. It returns the offset of the last record.
func (b *bundle) putAs(partition int32, epoch int64, pairs ...string) int64 {
	b.t.Helper()
	var records []*kgo.Record
	for i := 0; i < len(pairs); i += 2 {
		records = append(records, stamped(partition, pairs[i], pairs[i+1], epoch))
	}
	if err := b.kafka.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
	return records[len(records)-1].Offset
}

// transact writes in a transaction, which leaves a marker behind.
func (b *bundle) transact(commit kgo.TransactionEndTry, pairs ...string) {
	b.t.Helper()
	kafka, err := kgo.NewClient(append(b.client.Kgo(), kgo.TransactionalID("t"))...)
	if err != nil {
		b.t.Fatal(err)
	}
	defer kafka.Close()
	if err := kafka.BeginTransaction(); err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if err := kafka.ProduceSync(context.Background(), record(0, pairs[i], pairs[i+1])).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := kafka.EndTransaction(context.Background(), commit); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) table(partition int32) *store.Table {
	b.t.Helper()
	t, err := b.db.Table(fmt.Sprintf("p/lookup/%s/%d", topic, partition))
	if err != nil {
		b.t.Fatal(err)
	}
	return t
}

// open is [bundle.table] for a replica.
func (b *bundle) open(partition int32) (*store.Table, error) { return b.table(partition), nil }

// age makes a table older.
func (b *bundle) age(partition int32, by time.Duration) {
	b.t.Helper()
	at, _, err := b.table(partition).Progress()
	if err != nil {
		b.t.Fatal(err)
	}
	at.AsOf = at.AsOf.Add(-by)
	batch := b.db.Batch()
	batch.SetProgress(b.table(partition), at)
	if err := batch.Commit(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) load(partition int32, opts ...LoadOption) Loaded {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	loaded, err := b.reader.Load(ctx, b.table(partition), topic, partition, opts...)
	if err != nil {
		b.t.Fatal(err)
	}
	return loaded
}

// check compares the rows of a partition's table.
func (b *bundle) check(partition int32, want map[string]string) {
	b.t.Helper()
	if diff := cmp.Diff(want, rowsOf(b.t, b.table(partition))); diff != "" {
		b.t.Errorf("rows of partition %d (-want +got):\n%s", partition, diff)
	}
}

func rowsOf(t interface{ Fatal(args ...any) }, tab *store.Table) map[string]string {
	rows := map[string]string{}
	for row, err := range tab.Range(nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		rows[string(row.Key)] = string(row.Value)
	}
	return rows
}

func (b *bundle) offset(partition int32) int64 {
	b.t.Helper()
	next, _, err := b.table(partition).Offset()
	if err != nil {
		b.t.Fatal(err)
	}
	return next
}
