package integration_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// A whole wiki that comes in through the topics that anybody writes, in any encoding, under any keys, in partitions of its own, among garbage, with a
// restart on the way, ends in the same tables.
func TestIntakeOnBroker(t *testing.T) {
	t.Parallel()
	for _, delivery := range []topology.Delivery{topology.AtLeastOnce, topology.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			intakeOnBroker(t, delivery)
		})
	}
}

func intakeOnBroker(t *testing.T, delivery topology.Delivery) {
	wiki, err := simwiki.Generate(simwiki.Shape{Seed: 5, Pages: 300})
	if err != nil {
		t.Fatal(err)
	}
	log := slices.Collect(wiki.Events())
	log = append(log, slices.Collect(wiki.EditEvents())...)
	b := runBrokered(t, processors.Options{Sites: tables.AnyWiki(), Intake: &processors.Intake{}, InlineEdges: 8, WalkChunks: 2, ChunkWidth: 10},
		topology.Config{Partitions: 3, Delivery: delivery})
	kafka, err := kgo.NewClient(kgo.SeedBrokers(b.cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	random := rand.New(rand.NewPCG(1, uint64(delivery)))
	var records []*kgo.Record
	for _, e := range log {
		r := incoming(t, random, e)
		records = append(records, r)
		if random.IntN(20) == 0 {
			records = append(records, &kgo.Record{Topic: r.Topic, Partition: r.Partition, Value: []byte("garbage")})
		}
	}
	send := func(list []*kgo.Record) {
		if err := kafka.ProduceSync(t.Context(), list...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	send(records[:len(records)/2])
	b.stop()
	b.start("")
	send(records[len(records)/2:])
	b.settle()
	wantBatch(t, b.sites, log, b.derived())
}

// incoming is an event as some producer might send it: its page is in one partition, and that is all.
func incoming(t *testing.T, random *rand.Rand, e simwiki.Event) *kgo.Record {
	t.Helper()
	page := e.PageKey()
	r := &kgo.Record{Topic: tables.IncomingRenders.Topic(), Partition: int32(page.ID*7/3) % 3}
	switch random.IntN(3) {
	case 0:
		r.Key = fmt.Appendf(nil, `{"wiki_id":%q,"page_id":%d}`, page.Wiki, page.ID)
	case 1:
		r.Key = []byte{}
	}
	var err error
	if e.Change != nil {
		r.Topic = tables.IncomingPageChanges.Topic()
		r.Value, err = events.PageChangeCodec().Encode(*e.Change)
	} else {
		r.Value, err = []codecs.Codec[events.Render]{events.RenderCodec(), events.RenderJSON()}[random.IntN(2)].Encode(*e.Render)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}
