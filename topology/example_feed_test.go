package topology_test

import (
	"fmt"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// visit is a record of an example: a key and a time of the first of May.
type visit struct{ key, at string }

// feed runs a topology, sends it records, one after the other, and returns what came of it, by topic.
func feed(b *topology.Builder, in topology.Stream[string, string], visits []visit, out ...topology.Stream[string, string]) (lines []string) {
	t := exampleTB{}
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	d := topologytest.New(t, topo, topologytest.Partitions(1))
	to := topologytest.Input(d, in)
	for _, v := range visits {
		at, err := time.Parse(time.DateTime, "2026-05-01 "+v.at)
		if err != nil {
			t.Fatal(err)
		}
		to.Send(v.key, v.at, topology.At(at))
	}
	for _, s := range out {
		for _, e := range topologytest.Output(d, s).All() {
			lines = append(lines, fmt.Sprint(s.Topic(), " ", e.Key, " ", e.Value))
		}
	}
	return lines
}
