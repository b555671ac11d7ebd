package integration_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
)

// poisonRun is how much poison goes among how many good events.
type poisonRun struct {
	pages    int // of the wiki, each with two events
	poison   int // records, at least one of each kind in each topic
	delivery topology.Delivery
}

// Poison of every kind in every topic of the pipeline, inputs, streams between processors, loop and changelogs, changes nothing of what
// becomes of the rest, and is kept with its reasons; nothing restarts.
func TestPoison(t *testing.T) {
	t.Parallel()
	poisonRun{pages: 600}.run(t)
}

func TestPoisonExactlyOnce(t *testing.T) {
	t.Parallel()
	poisonRun{pages: 600, delivery: topology.ExactlyOnce}.run(t)
}

const poisonPartitions = 3

// poisoned is a pipeline that is being poisoned.
type poisoned struct {
	*brokered
	wiki   *simwiki.Generated
	kafka  *kgo.Client
	random *rand.Rand
	good   map[string]sampleRecord // by topic: a record that the pipeline wrote
	sent   map[string]sentPoison   // by where it is
	// refused are the kinds that the broker did not take, by topic.
	refused map[string]bool
}

type sampleRecord struct{ key, value []byte }

type sentPoison struct {
	poison
	topic string
}

var poisonStreams = []string{
	tables.PageChanges.Topic(), tables.Renders.Topic(), tables.Lives.Topic(), tables.Claims.Topic(), tables.TitleChanges.Topic(),
	tables.TargetUpdates.Topic(), tables.Uses.Topic(), tables.Asks.Topic(), tables.CascadeProgress.Topic(), tables.RequestClosings.Topic(),
	"eddy-dependents-loop",
}

var poisonTables = []string{
	tables.Pages.Topic(), tables.Titles.Topic(), tables.Links.Topic(), tables.Dependents.Topic(), tables.RequestParts.Topic(), tables.Cascades.Topic(),
}

func (run poisonRun) run(t *testing.T) {
	wiki, err := simwiki.Generate(simwiki.Shape{Seed: 1, Pages: run.pages})
	if err != nil {
		t.Fatal(err)
	}
	sites, err := tables.NewSites([]string{wiki.Wiki()})
	if err != nil {
		t.Fatal(err)
	}
	var failed, assigned, revoked, stopped atomic.Int64
	b := runBrokered(t, processors.Options{Sites: sites, InlineEdges: 8, WalkChunks: 2, ChunkWidth: 10, CascadeEntries: 2}, topology.Config{
		Partitions: poisonPartitions, OnError: topology.EveryPhase(topology.DeadLetter()), Delivery: run.delivery,
		Observer: &topology.Observer{
			Failed:   func(topology.FailedInfo) { failed.Add(1) },
			Assigned: func(topology.AssignedInfo) { assigned.Add(1) },
			Revoked:  func(topology.RevokedInfo) { revoked.Add(1) },
			Stopped:  func(topology.StoppedInfo) { stopped.Add(1) },
		},
	})
	kafka, err := kgo.NewClient(kgo.SeedBrokers(b.cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(16<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	p := &poisoned{
		brokered: b, wiki: wiki, kafka: kafka, random: rand.New(rand.NewPCG(1, 1)),
		good: map[string]sampleRecord{}, sent: map[string]sentPoison{}, refused: map[string]bool{},
	}
	log := slices.Collect(wiki.Events())
	log = append(log, slices.Collect(wiki.EditEvents())...)
	p.takeEverything(t)
	first := p.samples(t, log)

	// Of some more, for a broker may refuse some: the streams' poison comes between the events, half of it before a restart, and that of the tables before it, so that they are loaded with it.
	streams := append(p.deal(poisons(), poisonStreams, run.poison*4/5), p.deal(oddities(), poisonStreams, 0)...)
	rows := p.deal(poisons(), poisonTables, run.poison*3/10)
	p.random.Shuffle(len(streams), func(i, j int) { streams[i], streams[j] = streams[j], streams[i] })
	half := first + (len(log)-first)/2
	p.mix(t, log[first:half], append(rows, streams[:len(streams)/2]...))
	b.settle()
	if n := revoked.Load() + stopped.Load(); n > 0 {
		t.Errorf("partitions were revoked, or processors stopped, %d times while nothing but records failed", n)
	}
	b.stop()
	b.start("")
	owned, given := assigned.Load(), revoked.Load()
	p.mix(t, log[half:], streams[len(streams)/2:])
	b.settle()
	if n := assigned.Load() - owned + revoked.Load() - given + stopped.Load(); n != 0 {
		t.Errorf("partitions were assigned or revoked, or processors stopped, %d times while nothing but records failed", n)
	}
	wantBatch(t, sites, log, b.derived())
	letters := p.wantLetters(t)
	if run.delivery == topology.ExactlyOnce {
		p.wantOneLetter(t)
	}
	kinds := map[string]bool{}
	for _, s := range p.sent {
		kinds[s.name] = true
	}
	for _, k := range poisons() {
		if !kinds[k.name] && !p.refused[k.name] {
			t.Errorf("there was nothing of which to make: %s", k.name)
		}
	}
	if len(kinds) < 33 || len(p.sent) < run.poison {
		t.Errorf("%d kinds, %d records of poison", len(kinds), len(p.sent))
	}
	t.Logf("%d good events, %d of poison of %d kinds, %d letters, %d failures; refused by the broker: %q",
		len(log), len(p.sent), len(kinds), letters, failed.Load(), slices.Sorted(maps.Keys(p.refused)))
}

// takeEverything lets topics take what a topic of other settings, or of another broker, may have.
func (p *poisoned) takeEverything(t *testing.T) {
	t.Helper()
	set := func(name, value string) kadm.AlterConfig { return kadm.AlterConfig{Name: name, Value: &value} }
	answers, err := kadm.NewClient(p.kafka).AlterTopicConfigs(t.Context(),
		[]kadm.AlterConfig{set("max.message.bytes", "16777216"), set("message.timestamp.after.max.ms", "9223372036854775807")},
		append(slices.Clone(poisonStreams), poisonTables...)...)
	for _, a := range answers {
		err = errors.Join(err, a.Err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// samples sends what happens to a template that is edited and to some of its users, which is then at the front of the log, and takes note of a record in each
// topic. It returns how many events were sent.
func (p *poisoned) samples(t *testing.T, log []simwiki.Event) (sent int) {
	t.Helper()
	users := map[int64][]int64{} // of each template that is edited
	for _, e := range p.wiki.Edits() {
		users[e.PageID] = nil
	}
	for _, e := range log {
		if e.Render == nil {
			continue
		}
		for _, l := range e.Render.Links.Template {
			if of, ok := users[l.PageID]; ok && len(of) < 50 {
				users[l.PageID] = append(of, e.Render.Page.ID)
			}
		}
	}
	family := map[int64]bool{}
	for _, e := range p.wiki.Edits() {
		if of := users[e.PageID]; len(of) > len(family) {
			family = map[int64]bool{e.PageID: true}
			for _, id := range of {
				family[id] = true
			}
		}
	}
	slices.SortStableFunc(log, func(a, b simwiki.Event) int {
		switch x, y := family[a.PageKey().ID], family[b.PageKey().ID]; {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	for sent < len(log) && family[log[sent].PageKey().ID] {
		sent++
	}
	p.send(log[:sent])
	p.settle()
	closing, err := schemas.Codec[*tables.RequestClosing]("RequestClosing").Encode(&tables.RequestClosing{Cascade: "0f1e2d3c4b5a6978"})
	if err != nil {
		t.Fatal(err)
	}
	// Nobody renders what is asked for, so no cascade ends.
	p.good[tables.RequestClosings.Topic()] = sampleRecord{[]byte(p.wiki.Wiki() + ":0"), closing}
	for _, topic := range append(slices.Clone(poisonStreams), poisonTables...) {
		s := topology.NewStream(topic, codecs.Bytes(), codecs.Bytes())
		ends, err := topology.Ends(t.Context(), p.cfg, s)
		if err != nil {
			t.Fatal(err)
		}
		err = topology.Read(t.Context(), p.cfg, s, nil, ends, func(_ context.Context, r *topology.Record[[]byte, []byte]) error {
			if !r.Deleted && len(r.Value) > 12 && p.good[topic].value == nil {
				p.good[topic] = sampleRecord{slices.Clone(r.Key), slices.Clone(r.Value)}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if p.good[topic].value == nil {
			t.Errorf("%s has no record of which to make poison", topic)
		}
	}
	return sent
}

// dealt is a record of a kind.
type dealt struct {
	poison
	record *kgo.Record
}

// deal makes records: each kind for each topic, over and over until there are enough, shuffled.
func (p *poisoned) deal(kinds []poison, topics []string, atLeast int) []dealt {
	var records []dealt
	for round := 0; round == 0 || len(records) < atLeast; round++ {
		for _, k := range kinds {
			for i, topic := range topics {
				if k.in != "" && k.in != topic {
					continue
				}
				n := len(records)
				at := place{
					wiki: p.wiki.Wiki(), topic: topic, page: 1 + p.random.Int64N(int64(p.wiki.Pages())),
					key: p.good[topic].key, value: p.good[topic].value, id: fmt.Sprintf("poison-%d-%d", i, n),
				}
				r := k.make(at)
				if r == nil || round > 0 && (len(records) >= atLeast || len(r.Value) > 1<<20) {
					continue
				}
				r.Topic, r.Partition = topic, int32(n%poisonPartitions)
				records = append(records, dealt{k, r})
			}
		}
	}
	p.random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records
}

// mix sends events, and poison between them.
func (p *poisoned) mix(t *testing.T, log []simwiki.Event, records []dealt) {
	t.Helper()
	const parts = 10
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := range parts {
		p.send(log[i*len(log)/parts : (i+1)*len(log)/parts])
		part := records[i*len(records)/parts : (i+1)*len(records)/parts]
		for _, d := range part {
			k, r := d.poison, d.record
			err := p.kafka.ProduceSync(ctx, r).FirstErr()
			switch {
			case err == nil && k.odd:
			case err == nil:
				p.sent[spot(r.Topic, r.Partition, r.Offset)] = sentPoison{k, r.Topic}
			case errors.Is(err, kerr.InvalidTimestamp), k.keyless && errors.Is(err, kerr.InvalidRecord):
				p.refused[k.name] = true
			default:
				t.Fatalf("%s to %s: %v", k.name, r.Topic, err)
			}
		}
	}
}

func spot(topic string, partition int32, offset int64) string {
	return fmt.Sprintf("%s[%d]@%d", topic, partition, offset)
}

// wantLetters holds the dead letters against what was sent: all of it is there, of each of its readers, with a reason, and nothing else.
func (p *poisoned) wantLetters(t *testing.T) (n int) {
	t.Helper()
	d, err := topology.OpenDeadLetters("eddy", p.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	readers := map[string]map[string]bool{} // of each topic
	found := map[string]map[string]bool{}   // of each record, those that gave it up
	for l, err := range d.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		at := spot(l.Topic, l.Partition, l.Offset)
		s, ok := p.sent[at]
		if !ok {
			t.Errorf("%s is no poison, and among the dead letters: %s", at, l.Error)
			continue
		}
		for in, m := range map[string]map[string]map[string]bool{l.Topic: readers, at: found} {
			if m[in] == nil {
				m[in] = map[string]bool{}
			}
			m[in][l.Processor] = true
		}
		switch {
		case l.Error == "" || len(l.Error) > 4<<10:
			t.Errorf("%s in %s: the reason has %d bytes", s.name, s.topic, len(l.Error))
		case !strings.Contains(l.Error, s.reason):
			t.Errorf("%s in %s: the reason does not say %q: %s", s.name, s.topic, s.reason, l.Error)
		}
	}
	missing := map[string]int{}
	for at, s := range p.sent {
		by := readers[s.topic]
		if want := len(by); len(found[at]) == 0 || !s.one && len(found[at]) < want {
			missing[fmt.Sprintf("%s in %s: given up by %q, not all of %q", s.name, s.topic, slices.Sorted(maps.Keys(found[at])), slices.Sorted(maps.Keys(by)))]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%d of %s", missing[what], what)
	}
	return n
}

// wantOneLetter counts the dead letters in the log: a record of a stream is given up once by each of its readers, as exact as its delivery.
func (p *poisoned) wantOneLetter(t *testing.T) {
	t.Helper()
	d := topology.NewStream("eddy-dead-letters", codecs.Bytes(), codecs.Bytes())
	ends, err := topology.Ends(t.Context(), p.cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	err = topology.Read(t.Context(), p.cfg, d, nil, ends, func(_ context.Context, r *topology.Record[[]byte, []byte]) error {
		of := func(name string) string {
			v, _ := r.Header("eddy-dlq-" + name)
			return string(v)
		}
		if of("table") == "" {
			times[fmt.Sprintf("%s %s[%s]@%s entry %s", of("processor"), of("topic"), of("partition"), of("offset"), of("index"))]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(times) == 0 {
		t.Error("there are no dead letters in the log")
	}
	for what, n := range times {
		if n != 1 {
			t.Errorf("%d letters, with exactly-once, of %s", n, what)
		}
	}
}
