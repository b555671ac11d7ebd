package processors_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// taken is an intake with the pipeline behind it on a broker, and a producer of another make.
type taken struct {
	t     *testing.T
	ctx   context.Context
	cfg   topology.Config
	app   *topology.App
	kafka *kgo.Client
}

// takeIn runs the pipeline with three partitions behind incoming topics with five and two.
func takeIn(t *testing.T, registry events.Registry) *taken {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	b := &taken{t: t, ctx: ctx, cfg: topology.Config{Brokers: topologytest.StartBroker(t), Partitions: 3}}
	var err error
	b.kafka, err = kgo.NewClient(kgo.SeedBrokers(b.cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(16<<20))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.kafka.Close)
	large := "16777216"
	for topic, n := range map[string]int32{tables.IncomingPageChanges.Topic(): 5, tables.IncomingRenders.Topic(): 2} {
		r, err := kadm.NewClient(b.kafka).CreateTopic(ctx, n, 1, map[string]*string{"max.message.bytes": &large}, topic)
		if err := errors.Join(err, r.Err); err != nil {
			t.Fatal(err)
		}
	}
	topo, err := processors.New(processors.Options{Intake: &processors.Intake{Registry: registry}})
	if err != nil {
		t.Fatal(err)
	}
	b.app = topologytest.RunApp(t, topo, b.cfg)
	return b
}

func (b *taken) send(records ...*kgo.Record) {
	b.t.Helper()
	for _, r := range records {
		if err := b.kafka.ProduceSync(b.ctx, r).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *taken) settle() {
	b.t.Helper()
	if err := b.app.Settle(b.ctx); err != nil {
		b.t.Fatal(err)
	}
}

// letters are the reasons of dead letters, by the record.
func (b *taken) letters() map[string]string {
	b.t.Helper()
	d, err := topology.OpenDeadLetters("eddy", b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	defer d.Close()
	found := map[string]string{}
	for l, err := range d.All(b.ctx) {
		if err != nil {
			b.t.Fatal(err)
		}
		if l.Table || len(l.Error) > 1000 {
			b.t.Errorf("letter of %s: %d bytes of error", l.Topic, len(l.Error))
		}
		found[fmt.Sprintf("%s[%d]@%d", l.Topic, l.Partition, l.Offset)] = l.Processor + ": " + l.Error
	}
	return found
}

func placeOf(r *kgo.Record) string { return fmt.Sprintf("%s[%d]@%d", r.Topic, r.Partition, r.Offset) }

// read reads a stream of the pipeline: which event is where.
func read[V any](b *taken, s topology.Stream[tables.PageKey, V], id func(V) string) (order []string, keys map[string]tables.PageKey) {
	b.t.Helper()
	ends, err := topology.Ends(b.ctx, b.cfg, s)
	if err != nil {
		b.t.Fatal(err)
	}
	keys = map[string]tables.PageKey{}
	err = topology.Read(b.ctx, b.cfg, s, nil, ends, func(_ context.Context, r *topology.Record[tables.PageKey, V]) error {
		order = append(order, id(r.Value))
		keys[id(r.Value)] = r.Key
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return order, keys
}

func changeID(c events.PageChange) string { return c.Meta.ID }
func renderID(r events.Render) string     { return r.Meta.ID }

func changeText(id string, page int64, more string) string {
	return fmt.Sprintf(`{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":%q},"wiki_id":"testwiki","dt":"2026-01-01T00:00:00Z","page_change_kind":"create",`+
		`"page":{"page_id":%d,"page_title":"P%d","namespace_id":0},"revision":{"rev_id":%d}%s}`, id, page, page, page, more)
}

func renderText(id string, page int64, links string) string {
	return fmt.Sprintf(`{"$schema":"/eddy/render/1.0.0","meta":{"id":%q},"wiki_id":"testwiki","dt":"2026-01-01T00:00:10Z","page":{"page_id":%d,"page_title":"P%d",`+
		`"namespace_id":0},"revision":{"rev_id":%d},"closure":"complete","links":%s}`, id, page, page, page, links)
}

// wired is a value in Confluent's wire format.
func wired(id uint32, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), data...)
}

// shelf is a registry in memory, which may be away.
type shelf struct {
	mu    sync.Mutex
	has   map[int]events.Registered
	away  bool
	asked chan struct{} // nil: nobody listens
}

func (s *shelf) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = false
}

func (s *shelf) Schema(_ context.Context, id int) (events.Registered, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != nil {
		select {
		case s.asked <- struct{}{}:
		default:
		}
	}
	r, ok := s.has[id]
	switch {
	case s.away:
		return events.Registered{}, fmt.Errorf("%w: closed", events.ErrAway)
	case !ok:
		return events.Registered{}, fmt.Errorf("%w: id %d", events.ErrNoSchema, id)
	}
	return r, nil
}

func avro(t *testing.T, id string, page int64) []byte {
	t.Helper()
	r, err := events.RenderJSON().Decode([]byte(renderText(id, page, `{}`)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := events.RenderCodec().Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What people send who know no more than the names of the topics is taken, or is a dead letter that says why; and the pipeline goes on.
func TestIntakeOfNaturalMistakes(t *testing.T) {
	t.Parallel()
	b := takeIn(t, &shelf{has: map[int]events.Registered{1: {Type: "AVRO", Texts: []string{schemas.Releases.MustFormat("eddy.Render").Schema().String()}}}})
	changes, renders := tables.IncomingPageChanges.Topic(), tables.IncomingRenders.Topic()
	big := strings.Repeat(`{"namespace_id":0,"title":"A_title_that_is_as_long_as_titles_are"},`, 40_000)
	headers := []kgo.RecordHeader{{Key: "traceparent"}, {}}
	for range 20 {
		headers = append(headers, kgo.RecordHeader{Key: "a", Value: make([]byte, 10_000)})
	}
	type mistake struct {
		name   string
		record kgo.Record
		why    string // it is a dead letter; empty: it is taken
	}
	list := []mistake{
		{name: "no key", record: kgo.Record{Topic: changes, Value: []byte(changeText("no key", 1, ``))}},
		{name: "empty key", record: kgo.Record{Topic: changes, Key: []byte{}, Value: []byte(changeText("empty key", 2, ``))}},
		{name: "Wikimedia's key", record: kgo.Record{Topic: changes, Key: []byte(`{"wiki_id":"testwiki","page_id":3}`), Value: []byte(changeText("Wikimedia's key", 3, ``))}},
		{name: "another page's key", record: kgo.Record{Topic: changes, Key: []byte("testwiki:2"), Value: []byte(changeText("another page's key", 4, ``))}},
		{name: "another partitioner", record: kgo.Record{Topic: changes, Key: []byte("testwiki:300"), Partition: 4, Value: []byte(changeText("another partitioner", 300, ``))}},
		{name: "headers", record: kgo.Record{Topic: changes, Headers: headers, Value: []byte(changeText("headers", 5, ``))}},
		{name: "a time of long ago", record: kgo.Record{Topic: changes, Timestamp: time.Unix(1, 0), Value: []byte(changeText("a time of long ago", 6, ``))}},
		{name: "a long comment", record: kgo.Record{Topic: changes, Value: []byte(changeText("a long comment", 7, `,"comment":"`+strings.Repeat("x", 3<<20)+`"`))}},
		{name: "JSON render", record: kgo.Record{Topic: renders, Value: []byte(renderText("JSON render", 1, `{}`))}},
		{name: "Avro render", record: kgo.Record{Topic: renders, Partition: 1, Value: avro(t, "Avro render", 2)}},
		{name: "registered render", record: kgo.Record{Topic: renders, Value: wired(1, avro(t, "registered render", 3)[10:])}},

		{"an epoch that is none", kgo.Record{Topic: changes, Headers: []kgo.RecordHeader{{Key: "eddy-epoch", Value: []byte("x")}}, Value: []byte(changeText("x", 9, ``))}, "eddy-epoch"},
		{"garbage", kgo.Record{Topic: changes, Value: []byte("\x00\xff\x13garbage")}, "no id of a schema"},
		{"empty value", kgo.Record{Topic: changes, Key: []byte("testwiki:1"), Value: []byte{}}, "empty"},
		{"tombstone", kgo.Record{Topic: renders, Key: []byte("testwiki:1")}, "no value"},
		{"neither key nor value", kgo.Record{Topic: changes}, "no value"},
		{"Avro without a header", kgo.Record{Topic: renders, Value: avro(t, "x", 9)[10:]}, "tells no schema"},
		{"a header twice", kgo.Record{Topic: renders, Value: wired(1, avro(t, "x", 9))}, ""},
		{"half of it", kgo.Record{Topic: renders, Value: avro(t, "x", 9)[:40]}, "decode eddy.Render"},
		{"an endless list", kgo.Record{Topic: renders, Value: append(avro(t, "x", 9)[:40], "\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"...)}, "decode eddy.Render"},
		{"a schema that nobody has", kgo.Record{Topic: renders, Value: wired(7, avro(t, "x", 9)[10:])}, "id 7"},
		{"a render among changes", kgo.Record{Topic: changes, Value: []byte(renderText("x", 9, `{}`))}, "no page change"},
		{"a change among renders", kgo.Record{Topic: renders, Value: []byte(changeText("x", 9, ``))}, "no render"},
		{"an Avro render among changes", kgo.Record{Topic: changes, Value: avro(t, "x", 9)}, "page changes"},
		{"a wiki that is a path", kgo.Record{Topic: changes, Value: []byte(strings.Replace(changeText("x", 9, ``), "testwiki", "../../x", 1))}, "unknown wiki"},
		{"a wiki of two words", kgo.Record{Topic: changes, Value: []byte(strings.Replace(changeText("x", 9, ``), "testwiki", "En Wiki", 1))}, "unknown wiki"},
		{"page 0", kgo.Record{Topic: renders, Value: []byte(renderText("x", 0, `{}`))}, "page_id"},
		{"page 2^63", kgo.Record{Topic: changes, Value: []byte(strings.Replace(changeText("x", 9, ``), `"page_id":9`, `"page_id":9223372036854775808`, 1))}, "page_id"},
		{"a title that is none", kgo.Record{Topic: changes, Value: []byte(strings.Replace(changeText("x", 9, ``), "P9", "A[b]", 1))}, "page_title"},
		{"version 2", kgo.Record{Topic: changes, Value: []byte(strings.Replace(changeText("x", 9, ``), "1.2.0", "2.0.0", 1))}, "2.0.0"},
		{"another stream", kgo.Record{Topic: changes, Value: []byte(`{"$schema":"/mediawiki/revision/create/1.0.0"}`)}, "unknown schema"},
		{"a list of events", kgo.Record{Topic: changes, Value: []byte("[" + changeText("x", 9, ``) + "]")}, "list"},
		{"no UTF-8", kgo.Record{Topic: changes, Value: []byte(strings.Replace(changeText("x", 9, ``), "P9", "P\xff", 1))}, "UTF-8"},
		{"a pack", kgo.Record{Topic: changes, Value: []byte("x"), Headers: []kgo.RecordHeader{{Key: "eddy-pack", Value: []byte("1")}}}, ""},
		{"larger than can be sent", kgo.Record{Topic: renders, Value: []byte(renderText("x", 9, `{"page":[`+big[:len(big)-1]+`]}`))}, `key "testwiki:9": too large for a record: it has `},
	}
	records := map[string]*kgo.Record{}
	for i := range list {
		m := &list[i]
		b.send(&m.record)
		records[m.name] = &m.record
	}
	b.settle()
	_, changed := read(b, tables.PageChanges, changeID)
	_, rendered := read(b, tables.Renders, renderID)
	letters := b.letters()
	good := 0
	for _, m := range list {
		why, dead := letters[placeOf(&m.record)]
		key, took := changed[m.name]
		if k, ok := rendered[m.name]; ok {
			key, took = k, true
		}
		dies := m.why != "" || !took && (m.name == "a header twice" || m.name == "a pack")
		switch {
		case dies && (!dead || !strings.Contains(why, m.why) || took):
			t.Errorf("%s: taken %t, the letter says %q, want %q", m.name, took, why, m.why)
		case !dies && (!took || dead || key.Wiki != "testwiki"):
			t.Errorf("%s: taken %t, as %v; the letter says %q", m.name, took, key, why)
		case !dies:
			good++
		}
	}
	if len(changed)+len(rendered) != good || len(letters) != len(list)-good {
		t.Errorf("%d page changes, %d renders, %d letters of %d records", len(changed), len(rendered), len(letters), len(list))
	}
	// The pipeline goes on.
	b.send(&kgo.Record{Topic: changes, Partition: 2, Value: []byte(changeText("last", 8, ``))})
	b.settle()
	if order, _ := read(b, tables.RerenderRequests, func(r tables.Request) string { return r.PageTitle }); len(order) != 9 || order[len(order)-1] == "" {
		t.Errorf("requests for %q, want nine", order)
	}
	if err := b.app.Health(); err != nil {
		t.Error(err)
	}
}

// Pages are in any partition of a topic, under any keys, and in any company: what is sent of one keeps its order, and each event comes once.
func TestIntakeKeepsTheOrderOfAnyPartitioner(t *testing.T) {
	t.Parallel()
	b := takeIn(t, nil)
	random := rand.New(rand.NewPCG(1, 2))
	var records []*kgo.Record
	sent := map[int64][]string{}
	for n := range 600 {
		page := 1 + 100*random.Int64N(20)
		id := fmt.Sprintf("%d-%d", page, n)
		sent[page] = append(sent[page], id)
		r := &kgo.Record{Topic: tables.IncomingPageChanges.Topic(), Partition: int32(page/100) % 5, Value: []byte(changeText(id, page, ``))}
		switch random.IntN(3) {
		case 0:
			r.Key = []byte{}
		case 1:
			r.Key = fmt.Appendf(nil, "testwiki:%d", random.IntN(1000))
		}
		records = append(records, r)
		if random.IntN(10) == 0 {
			records = append(records, &kgo.Record{Topic: r.Topic, Partition: r.Partition, Value: []byte("garbage")})
		}
	}
	if err := b.kafka.ProduceSync(b.ctx, records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	b.settle()
	got := map[int64][]string{}
	order, keys := read(b, tables.PageChanges, changeID)
	for _, id := range order {
		got[keys[id].ID] = append(got[keys[id].ID], id)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error(diff)
	}
}

// A registry that is away is waited for: what came before has got in, what comes behind waits, and nothing is given up.
func TestIntakeWaitsForItsRegistry(t *testing.T) {
	t.Parallel()
	registry := &shelf{
		away: true, asked: make(chan struct{}),
		has: map[int]events.Registered{1: {Type: "AVRO", Texts: []string{schemas.Releases.MustFormat("eddy.Render").Schema().String()}}},
	}
	b := takeIn(t, registry)
	renders := tables.IncomingRenders.Topic()
	b.send(
		&kgo.Record{Topic: renders, Value: []byte(renderText("first", 5, `{}`))},
		&kgo.Record{Topic: renders, Value: wired(1, avro(t, "second", 5)[10:])},
		&kgo.Record{Topic: renders, Value: []byte(renderText("third", 5, `{}`))},
		&kgo.Record{Topic: renders, Partition: 1, Value: []byte(renderText("elsewhere", 6, `{}`))},
	)
	for range 2 { // the second time what came before is in its log
		select {
		case <-registry.asked:
		case <-b.ctx.Done():
			t.Fatal("the registry is not asked again")
		}
	}
	seen := map[string]bool{}
	ctx, enough := context.WithCancel(b.ctx)
	err := topology.Consume(ctx, b.cfg, tables.Renders, func(_ context.Context, r *topology.Record[tables.PageKey, events.Render]) error {
		if seen[r.Value.Meta.ID] = true; seen["first"] && seen["elsewhere"] {
			enough()
		}
		return nil
	})
	enough()
	if err != nil || seen["second"] || seen["third"] || b.ctx.Err() != nil {
		t.Fatalf("%v, seen %v", err, seen)
	}
	registry.open()
	b.settle()
	order, _ := read(b, tables.Renders, renderID)
	places := map[string]int{}
	for i, id := range order {
		places[id] = i
	}
	if len(order) != 4 || places["first"] > places["second"] || places["second"] > places["third"] {
		t.Errorf("order %q", order)
	}
	if letters := b.letters(); len(letters) != 0 {
		t.Errorf("letters %q", letters)
	}
}
