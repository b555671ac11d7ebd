//go:build kafka

package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/eddystream/eddy/integration/kafka"
	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/registry"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
)

// Producers of several makes, each with keys, a partitioner, compression and formats of its own, among mistakes and transactions that are aborted,
// and with a registry that is away at first: every good event gets into the tables, each page's in its order, and what is none is a dead letter with its reason.
func TestForeignProducers(t *testing.T) { //nolint:paralleltest // it starts a JVM beside the broker's
	foreignProducers(t, topology.AtLeastOnce)
}

func TestForeignProducersExactlyOnce(t *testing.T) { //nolint:paralleltest // as above
	foreignProducers(t, topology.ExactlyOnce)
}

const (
	foreignChanges = 5 // partitions of incoming-page-changes
	foreignRenders = 4
	// Ids in the registry.
	ownSchema, jsonSchema = 77, 78
)

// foreign is a pipeline and those who write to its intake.
type foreign struct {
	*brokered
	ctx      context.Context
	random   *rand.Rand
	wiki     *simwiki.Generated
	registry *heldRegistry
	others   int                 // events of other wikis
	sent     map[string][]string // ids of events, by page and topic
}

// heldRegistry speaks the registries' protocol once it is let.
type heldRegistry struct {
	open    atomic.Bool
	refused chan struct{}
	url     string
}

func startHeldRegistry(t *testing.T) *heldRegistry {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	fake.SeedSchema("incoming-renders-value", 1, ownSchema, sr.Schema{Schema: schemas.Releases.MustFormat("eddy.Render").Schema().String()})
	fake.SeedSchema("incoming-page-changes-value", 1, jsonSchema, sr.Schema{Schema: `{"type":"object"}`, Type: sr.TypeJSON})
	r := &heldRegistry{refused: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.open.Load() {
			fake.Handler().ServeHTTP(w, req)
			return
		}
		select {
		case r.refused <- struct{}{}:
		default:
		}
		panic(http.ErrAbortHandler) // the connection ends
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func foreignProducers(t *testing.T, delivery topology.Delivery) {
	t.Helper()
	wiki, err := simwiki.Generate(simwiki.Shape{Seed: 9, Pages: 400})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	held := startHeldRegistry(t)
	client, err := registry.Open(registry.Config{URLs: []string{held.url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	f := &foreign{
		ctx: ctx, random: rand.New(rand.NewPCG(2, uint64(delivery))), wiki: wiki, registry: held, sent: map[string][]string{},
		brokered: prepareBrokered(t, processors.Options{Intake: &processors.Intake{Registry: client}, InlineEdges: 8, WalkChunks: 2, ChunkWidth: 10},
			topology.Config{Partitions: 3, Delivery: delivery}),
	}
	f.createTopics()
	f.start("")
	log := slices.AppendSeq(slices.Collect(wiki.Events()), wiki.EditEvents())
	first, second := log[:len(log)/2], log[len(log)/2:]
	mistakes := f.mistakes()

	f.produce(first)
	f.others = f.produceRecorded()
	for range 2 { // the second time what came before is in its log
		select {
		case <-held.refused:
		case <-ctx.Done():
			t.Fatal("the registry that is away is not asked again")
		}
	}
	if err := client.Health(); err == nil {
		t.Error("a registry that is away is no matter of health")
	}
	f.stop() // while the registry is away
	held.open.Store(true)
	f.start("")
	f.produceMistakes(mistakes)
	f.produce(second)
	f.settle()
	if err := client.Health(); err != nil {
		t.Error(err)
	}

	f.others += f.wantMistakes(mistakes)
	f.wantOrder()
	wantBatch(t, f.sites, log, ofWiki(f.derived(), wiki.Wiki()))
	if n := len(f.requests()); n == 0 {
		t.Error("nothing was asked for")
	}
}

// ofWiki is what is derived of one wiki.
func ofWiki(d *oracle.Derived, wiki string) *oracle.Derived {
	for _, m := range []map[string]string{d.Pages, d.Titles, d.Links, d.Dependents} {
		maps.DeleteFunc(m, func(key, _ string) bool { return !strings.HasPrefix(key, wiki+":") })
	}
	return d
}

func (f *foreign) createTopics() {
	f.t.Helper()
	admin := kadm.NewClient(f.client())
	large := "4194304"
	for topic, n := range map[string]int32{tables.IncomingPageChanges.Topic(): foreignChanges, tables.IncomingRenders.Topic(): foreignRenders} {
		r, err := admin.CreateTopic(f.ctx, n, 1, map[string]*string{"max.message.bytes": &large}, topic)
		if err := errors.Join(err, r.Err); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *foreign) client(opts ...kgo.Opt) *kgo.Client {
	f.t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(f.cfg.Brokers...), kgo.ProducerBatchMaxBytes(4 << 20)}, opts...)...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return c
}

// producers are those of one program each. What a page has comes from one of them, in order.
func (f *foreign) producers() []func([]*kgo.Record) {
	own := func(opts ...kgo.Opt) func([]*kgo.Record) {
		c := f.client(opts...)
		return func(records []*kgo.Record) {
			if err := c.ProduceSync(f.ctx, records...).FirstErr(); err != nil {
				f.t.Fatal(err)
			}
		}
	}
	key := func(send func([]*kgo.Record), format string) func([]*kgo.Record) {
		return func(records []*kgo.Record) {
			for _, r := range records {
				page := pageOfKey(r.Key)
				r.Key = fmt.Appendf(nil, format, page.Wiki, page.ID)
			}
			send(records)
		}
	}
	return []func([]*kgo.Record){
		// Wikimedia's key.
		key(own(kgo.ProducerBatchCompression(kgo.GzipCompression()), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil))), `{"wiki_id":%q,"page_id":%d}`),
		// As sarama places records.
		key(own(kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(kgo.SaramaCompatHasher(fnv32)))), "%s/%d"),
		// As librdkafka does.
		key(own(kgo.ProducerBatchCompression(kgo.SnappyCompression()), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(kgo.SaramaHasher(crc32.ChecksumIEEE)))), "%s:%d"),
		// No keys, and no idempotence.
		f.keyless(own(kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(1))),
		f.transactions,
		f.java,
	}
}

func fnv32(key []byte) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(key)
	return h.Sum32()
}

func pageOfKey(key []byte) (page tables.PageKey) {
	wiki, id, _ := strings.Cut(string(key), ":")
	page.Wiki = wiki
	_, _ = fmt.Sscan(id, &page.ID)
	return page
}

func (f *foreign) keyless(send func([]*kgo.Record)) func([]*kgo.Record) {
	return func(records []*kgo.Record) {
		for _, r := range records {
			r.Partition = int32(pageOfKey(r.Key).ID*7/3) % foreignRenders
			if r.Key = nil; r.Partition == 1 {
				r.Key = []byte{}
			}
		}
		send(records)
	}
}

// transactions sends records in transactions. Between them are some that are aborted, with what would change the tables.
func (f *foreign) transactions(records []*kgo.Record) {
	c := f.client(kgo.TransactionalID(fmt.Sprint("foreign-", f.random.Uint32())), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	send := func(commit kgo.TransactionEndTry, records ...*kgo.Record) {
		err := c.BeginTransaction()
		if err == nil {
			err = c.ProduceSync(f.ctx, records...).FirstErr()
		}
		if err = errors.Join(err, c.EndTransaction(f.ctx, commit)); err != nil {
			f.t.Fatal(err)
		}
	}
	for part := range slices.Chunk(records, 40) {
		send(kgo.TryCommit, part...)
		ghost := *part[0]
		if ghost.Topic == tables.IncomingPageChanges.Topic() {
			page := pageOfKey(ghost.Key)
			ghost.Value = fmt.Appendf(nil, `{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"ghost"},"wiki_id":%q,"dt":"2040-01-01T00:00:00Z","page_change_kind":"delete",`+
				`"page":{"page_id":%d,"page_title":"Ghost","namespace_id":0},"revision":{"rev_id":999999999}}`, page.Wiki, page.ID)
		}
		ghost.Context = nil
		send(kgo.TryAbort, &ghost, &kgo.Record{Topic: ghost.Topic, Key: ghost.Key, Value: []byte("garbage that was never there")})
	}
}

// java sends records by Kafka's own producer in Java, with what it has for defaults.
func (f *foreign) java(records []*kgo.Record) {
	byTopic := map[string]*bytes.Buffer{}
	for _, r := range records {
		if byTopic[r.Topic] == nil {
			byTopic[r.Topic] = &bytes.Buffer{}
		}
		fmt.Fprintf(byTopic[r.Topic], "%s\t%s\n", r.Key, r.Value)
	}
	for topic, lines := range byTopic {
		cmd, err := kafka.Tool(f.ctx, "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", f.cfg.Brokers[0], "--topic", topic,
			"--compression-codec", "zstd", "--reader-property", "parse.key=true", "--reader-property", "key.separator=\t")
		if err != nil {
			f.t.Fatal(err)
		}
		cmd.Stdin = lines
		if out, err := cmd.CombinedOutput(); err != nil {
			f.t.Fatalf("%v\n%s", err, out)
		}
	}
}

// produce sends events, each page's by the same producer.
func (f *foreign) produce(log []simwiki.Event) {
	f.t.Helper()
	producers := f.producers()
	queues := make([][]*kgo.Record, len(producers))
	for _, e := range log {
		page := e.PageKey()
		n := int(page.ID) % len(producers)
		topic := tables.IncomingRenders.Topic()
		if e.Change != nil {
			topic = tables.IncomingPageChanges.Topic()
		}
		queues[n] = append(queues[n], &kgo.Record{Topic: topic, Key: []byte(page.String()), Value: f.encode(e, n < len(producers)-1)})
		f.sent[topic+" "+page.String()] = append(f.sent[topic+" "+page.String()], e.ID())
	}
	for n, send := range producers {
		send(queues[n])
	}
}

// encode is an event in any format, or in one line of text.
func (f *foreign) encode(e simwiki.Event, binary bool) []byte {
	f.t.Helper()
	format := 0
	if binary {
		format = f.random.IntN(3)
	}
	var value []byte
	var err error
	switch {
	case e.Change != nil:
		if value, err = events.PageChangeCodec().Encode(*e.Change); format > 0 {
			value = wired(jsonSchema, value)
		}
	case format == 0:
		value, err = events.RenderJSON().Encode(*e.Render)
	default:
		if value, err = events.RenderCodec().Encode(*e.Render); format == 2 {
			value = wired(ownSchema, value[10:])
		}
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return value
}

// wired is a value in Confluent's wire format.
func wired(id int, value []byte) []byte {
	head, _ := new(sr.ConfluentHeader).AppendEncode(nil, id, nil) // without an index it does not fail
	return append(head, value...)
}

// produceRecorded sends what Wikimedia's own producers have sent, and the examples of their schema, as they are.
func (f *foreign) produceRecorded() (n int) {
	f.t.Helper()
	var records []*kgo.Record
	add := func(value []byte) {
		records = append(records, &kgo.Record{Topic: tables.IncomingPageChanges.Topic(), Partition: 3, Value: value})
	}
	r, err := events.Open(data(f.t, "page_change_events", "all.jsonl"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Close()
	for ev, err := range r.Events() {
		if err != nil {
			f.t.Fatal(err)
		}
		add(ev.Raw)
	}
	text, err := os.ReadFile(data(f.t, "schemas", "mediawiki_page_change.yaml"))
	if err != nil {
		f.t.Fatal(err)
	}
	var schema struct {
		Examples []map[string]any `yaml:"examples"`
	}
	if err := yaml.Unmarshal(text, &schema); err != nil || len(schema.Examples) == 0 {
		f.t.Fatalf("%d examples, %v", len(schema.Examples), err)
	}
	for _, example := range schema.Examples {
		for minor := range 4 { // every minor version of the schema
			example["$schema"] = fmt.Sprintf("/mediawiki/page/change/1.%d.0", minor)
			value, err := json.Marshal(example)
			if err != nil {
				f.t.Fatal(err)
			}
			add(value)
		}
	}
	if err := f.client(kgo.RecordPartitioner(kgo.ManualPartitioner())).ProduceSync(f.ctx, records...).FirstErr(); err != nil {
		f.t.Fatal(err)
	}
	return len(records)
}

// wantOrder holds the events of each page that were sent on against those that its producer sent.
func (f *foreign) wantOrder() {
	f.t.Helper()
	got := map[string][]string{}
	others := 0
	took := func(from topology.Stream[[]byte, []byte], page tables.PageKey, id string) {
		if page.Wiki == f.wiki.Wiki() {
			got[from.Topic()+" "+page.String()] = append(got[from.Topic()+" "+page.String()], id)
		} else {
			others++
		}
	}
	eachRecord(f, tables.PageChanges, func(page tables.PageKey, c events.PageChange) { took(tables.IncomingPageChanges, page, c.Meta.ID) })
	eachRecord(f, tables.Renders, func(page tables.PageKey, r events.Render) { took(tables.IncomingRenders, page, r.Meta.ID) })
	if diff := cmp.Diff(f.sent, got); diff != "" {
		f.t.Errorf("events of pages as they were sent (-), and as they come to the pipeline:\n%.4000s", diff)
	}
	if others != f.others {
		f.t.Errorf("%d events of other wikis, want %d", others, f.others)
	}
}

func eachRecord[V any](f *foreign, s topology.Stream[tables.PageKey, V], take func(tables.PageKey, V)) {
	f.t.Helper()
	ends, err := topology.Ends(f.ctx, f.cfg, s)
	if err == nil {
		err = topology.Read(f.ctx, f.cfg, s, nil, ends, func(_ context.Context, r *topology.Record[tables.PageKey, V]) error {
			take(r.Key, r.Value)
			return nil
		})
	}
	if err != nil {
		f.t.Fatal(err)
	}
}
