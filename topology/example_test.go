package topology_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// exampleTB lets an example use the driver, which belongs to a test.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                  {}
func (exampleTB) Context() context.Context { return context.Background() }
func (exampleTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (exampleTB) Fatalf(f string, a ...any) {
	panic(fmt.Sprintf(f, a...))
}

// A word count of two processors: what is counted by word must first be sent to where its word lives.
func Example_wordCount() {
	text := codecs.String[string]()
	lines := topology.NewStream("lines", text, text)
	words := topology.NewStream("words", text, text)

	b := topology.NewBuilder("wordcount")
	split := topology.FlatMap(topology.From(topology.AddProcessor(b, "split", text), lines),
		func(_, line string) []string { return strings.Fields(strings.ToLower(line)) })
	topology.Rekey(split, words, func(_, word string) string { return word })
	counts := topology.Aggregate(topology.From(topology.AddProcessor(b, "count", text), words),
		codecs.Int64(), func(n int64, _ string) int64 { return n + 1 })

	topo, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(topo)

	d := topologytest.New(exampleTB{}, topo)
	topologytest.Input(d, lines).Send("", "to be or not to be")
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
