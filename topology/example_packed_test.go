package topology_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// The words of all lines of a batch that go to one partition travel in one record; the counter gets them one by one.
func ExampleStream_Packed() {
	lines := topology.NewStream("lines", codecs.String[string](), codecs.String[string]())
	words := topology.NewStream("words", codecs.String[string](), codecs.String[string]()).Packed()

	b := topology.NewBuilder("wordcount")
	splitter := topology.AddProcessor(b, "splitter", codecs.String[string]())
	out := topology.Output(splitter, words)
	topology.Input(splitter, lines).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		for word := range strings.FieldsSeq(r.Value) {
			if err := out.Emit(r, word, ""); err != nil {
				return err
			}
		}
		return nil
	})
	counter := topology.AddProcessor(b, "counter", codecs.String[string]())
	counts := topology.Aggregate(topology.From(counter, words), codecs.Int64(), func(n int64, _ string) int64 { return n + 1 })
	topo, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(topo)

	d := topologytest.New(exampleTB{}, topo)
	topologytest.Input(d, lines).Send("1", "row your boat, row your boat")
	n, _ := topologytest.Value(d, counts.Table(), "row")
	fmt.Println("row:", n)
	// Output:
	// topology wordcount
	//   processor splitter
	//     output -> words (packed)
	//     input  <- lines
	//   processor counter
	//     input  <- words (packed)
	//     table  <- wordcount-counter-table
	// row: 2
}
