package topology_test

import (
	"fmt"
	"strings"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Kafka Streams' WordCountDemo. A word has to be counted where its key lives, so there are two processors with a topic between them: what
// Kafka Streams calls a repartition topic has a name here.
func Example_wordCount() {
	text := codecs.String[string]()
	lines := topology.NewStream("lines", text, text)
	words := topology.NewStream("words", text, text)

	b := topology.NewBuilder("wordcount")
	splitter := topology.AddProcessor(b, "split", text)
	split := topology.FlatMap(topology.From(splitter, lines),
		func(_, line string) []string { return strings.Fields(strings.ToLower(line)) })
	topology.Rekey(split, words, func(_, word string) string { return word })

	counter := topology.AddProcessor(b, "count", text)
	counts := topology.Aggregate(topology.From(counter, words), codecs.Int64(),
		func(n int64, _ string) int64 { return n + 1 })

	topo, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(topo)

	d := topologytest.New(exampleTB{}, topo)
	topologytest.Input(d, lines).Send("hamlet", "to be or not to be")
	for _, row := range topologytest.Rows(d, counts.Table()) {
		fmt.Println(row.Key, row.Value)
	}
	// Output:
	// topology wordcount
	//   processor split
	//     input  <- lines
	//     output -> words
	//   processor count
	//     input  <- words
	//     table  <- wordcount-count-table
	// be 2
	// not 1
	// or 1
	// to 2
}
