package topology_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Confluent's event deduplication for Kafka Streams: an event whose id was seen is dropped. Kafka Streams keeps ids in a window of time, this
// keeps the last ones of each account. The table is durable only after the event is in the log, so a crash loses none.
func Example_deduplication() {
	type Event struct{ ID, Text string }
	const remembered = 1000 // of each account; what a source repeats comes soon
	text, event := codecs.String[string](), codecs.JSON[Event]()
	events := topology.NewStream("events", text, event) // by account
	unique := topology.NewStream("unique-events", text, event)

	b := topology.NewBuilder("events")
	p := topology.AddProcessor(b, "dedup", text)
	seen, out := topology.Persist(p, codecs.JSON[[]string]()), topology.Output(p, unique)
	topology.Input(p, events).Handle(func(_ context.Context, r *topology.Record[string, Event]) error {
		ids, _, err := seen.Get(r)
		if err != nil || slices.Contains(ids, r.Value.ID) {
			return err
		}
		ids = append(ids, r.Value.ID)
		if err := seen.Set(r, ids[max(0, len(ids)-remembered):]); err != nil {
			return err
		}
		return out.Emit(r, r.Key, r.Value)
	})

	d := drive(b)
	in := topologytest.Input(d, events)
	in.Send("ada", Event{"e1", "opened"})
	in.Send("ada", Event{"e2", "paid"})
	in.Send("ada", Event{"e1", "opened"}) // the sender was not sure
	for _, e := range topologytest.Output(d, unique).All() {
		fmt.Println(e.Value.ID, e.Value.Text)
	}
	// Output:
	// e1 opened
	// e2 paid
}
