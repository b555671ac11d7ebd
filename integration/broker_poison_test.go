package integration_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// poisons are values that no reader of the pipeline's topics can do anything with, by what is wrong with them.
func poisons(wiki string) map[string]*kgo.Record {
	avro := []byte{0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	header := func(key, value string) []kgo.RecordHeader {
		return []kgo.RecordHeader{{Key: key, Value: []byte(value)}}
	}
	key := []byte(wiki + ":1")
	return map[string]*kgo.Record{
		"garbage":             {Key: key, Value: []byte("\xff\xfegarbage")},
		"empty":               {Key: key, Value: []byte{}},
		"no key":              {Value: []byte("\xff\xfegarbage")},
		"bad key":             {Key: []byte("\xff\xff"), Value: []byte("\xff\xfegarbage")},
		"long key":            {Key: make([]byte, 100_000), Value: []byte("\xff\xfegarbage")},
		"unknown schema":      {Key: key, Value: avro},
		"cut schema":          {Key: key, Value: avro[:5]},
		"huge":                {Key: key, Value: make([]byte, 5<<20)},
		"cut JSON":            {Key: key, Value: []byte(`{"meta":{"id":"x"`)},
		"JSON of other type":  {Key: key, Value: []byte(`[1,2,3]`)},
		"bad UTF-8 in JSON":   {Key: key, Value: []byte("{\"wiki_id\":\"\xff\"}")},
		"repeated names":      {Key: key, Value: []byte(`{"meta":{},"meta":{}}`)},
		"damaged pack":        {Value: []byte{9}, Headers: header("eddy-pack", "1")},
		"pack of claims":      {Value: []byte("\x01\xff\xff\xff\xff\x07"), Headers: header("eddy-pack", "1")},
		"empty pack":          {Value: []byte{}, Headers: header("eddy-pack", "1")},
		"epoch of nobody":     {Key: key, Value: []byte("\xff\xfegarbage"), Headers: header("eddy-epoch", "")},
		"epoch of noise":      {Key: key, Value: []byte("\xff\xfegarbage"), Headers: header("eddy-epoch", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
		"headers without end": {Key: key, Value: []byte("\xff\xfegarbage"), Headers: header("x", string(make([]byte, 200_000)))},
	}
}

// Poison in every topic of the pipeline, inputs, streams between processors, loop and changelogs, changes nothing of what becomes of the
// rest, and is kept with its reasons; nothing restarts.
func TestPoison(t *testing.T) {
	t.Parallel()
	wiki, err := simwiki.Generate(simwiki.Shape{Seed: 1, Pages: 600})
	if err != nil {
		t.Fatal(err)
	}
	log := slices.Collect(wiki.Events())
	clean := runBrokered(t, processors.Options{}, topology.Config{Partitions: 3})
	clean.send(log)
	clean.settle()
	want := clean.dump()
	clean.stop()

	var failed, assigned atomic.Int64
	cfg := topology.Config{
		Partitions: 3, OnError: topology.EveryPhase(topology.DeadLetter()),
		Observer: &topology.Observer{
			Failed:   func(topology.FailedInfo) { failed.Add(1) },
			Assigned: func(topology.AssignedInfo) { assigned.Add(1) },
		},
	}
	b := runBrokered(t, processors.Options{}, cfg)
	streams := []string{
		tables.PageChanges.Topic(), tables.Renders.Topic(), tables.Lives.Topic(), tables.Claims.Topic(), tables.TitleChanges.Topic(),
		tables.TargetUpdates.Topic(), tables.Uses.Topic(), tables.Asks.Topic(), tables.CascadeProgress.Topic(), tables.RequestClosings.Topic(),
		"eddy-dependents-loop",
	}
	tableTopics := []string{tables.Pages.Topic(), tables.Titles.Topic(), tables.Links.Topic(), tables.Dependents.Topic(), tables.Requests.Topic(), tables.Cascades.Topic()}
	third := len(log) / 3
	b.send(log[:third])
	sent := poison(t, b.cfg.Brokers, wiki.Wiki(), streams)
	sentRows := poison(t, b.cfg.Brokers, wiki.Wiki(), tableTopics)
	b.send(log[third : 2*third])
	b.settle()
	// The tables are loaded with the poison in them.
	b.stop()
	b.start("")
	before := assigned.Load()
	b.send(log[2*third:])
	b.settle()
	wantSameTables(t, want, b.dump())
	if n := assigned.Load(); n != before {
		t.Errorf("partitions were assigned %d times while nothing but records failed", n-before)
	}
	found := map[string]bool{}
	d, err := topology.OpenDeadLetters("eddy", b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for l, err := range d.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprintf("%s[%d]@%d", l.Topic, l.Partition, l.Offset)] = true
		if l.Error == "" {
			t.Errorf("letter %s has no reason", l.ID)
		}
	}
	maps.Copy(sent, sentRows)
	missing := map[string]int{}
	for at, what := range sent {
		if !found[at] {
			missing[what]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%d are not among the dead letters: %s", missing[what], what)
	}
	t.Logf("%d of poison, %d letters, %d failures", len(sent), len(found), failed.Load())
}

// poison writes every poison to every topic, and returns what is where.
func poison(t *testing.T, brokers []string, wiki string, topics []string) map[string]string {
	t.Helper()
	kafka, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(16<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sent := map[string]string{}
	for i, topic := range topics {
		n := int32(i % 3)
		for what, r := range poisons(wiki) {
			r.Topic, r.Partition = topic, n
			n = (n + 1) % 3
			if err := kafka.ProduceSync(ctx, r).FirstErr(); err != nil {
				t.Fatal(errors.Join(fmt.Errorf("%s to %s", what, topic), err))
			}
			sent[fmt.Sprintf("%s[%d]@%d", r.Topic, r.Partition, r.Offset)] = what + " in " + topic
		}
	}
	return sent
}
