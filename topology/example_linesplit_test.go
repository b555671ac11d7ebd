package topology_test

import (
	"fmt"
	"strings"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Kafka Streams' LineSplit: each line of a stream becomes its words. Without the FlatMap it is Pipe. The key stays, so the words
// of a line stay in order.
func Example_lineSplit() {
	text := codecs.String[string]()
	lines := topology.NewStream("lines", text, text)
	words := topology.NewStream("words", text, text)

	b := topology.NewBuilder("linesplit")
	p := topology.AddProcessor(b, "splitter", text)
	topology.FlatMap(topology.From(p, lines), func(_, line string) []string {
		return strings.Fields(line)
	}).To(words)

	d := drive(b)
	topologytest.Input(d, lines).Send("1", "all streams lead to Kafka")
	for _, word := range topologytest.Output(d, words).All() {
		fmt.Println(word.Value)
	}
	// Output:
	// all
	// streams
	// lead
	// to
	// Kafka
}
