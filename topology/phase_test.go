package topology_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A handler says itself which of its errors may pass: those are tried again, the others are given up at once.
func TestInPhase(t *testing.T) {
	t.Parallel()
	in, out := topology.NewStream("in", text, text), topology.NewStream("out", text, text)
	b := topology.NewBuilder("phases")
	p := topology.AddProcessor(b, "reads", text,
		topology.OnError(topology.Retry(-1, 1, topology.Stop())), topology.OnError(topology.DeadLetter(), topology.PhaseDecode))
	sink := topology.Output(p, out)
	tries := map[string]int{}
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		tries[r.Value]++
		switch {
		case r.Value == "garbage":
			return topology.InPhase(topology.PhaseDecode, fmt.Errorf("reading: %w", errors.ErrUnsupported))
		case r.Value == "later" && tries[r.Value] < 5:
			return errors.New("not now")
		}
		return sink.Emit(r, r.Key, r.Value)
	})
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	d := topologytest.New(t, topo)
	feed := topologytest.Input(d, in)
	for _, value := range []string{"a", "garbage", "later", "b"} {
		feed.Queue("k", value)
	}
	d.Settle()
	var got []string
	for _, e := range topologytest.Output(d, out).All() {
		got = append(got, e.Value)
	}
	if diff := cmp.Diff([]string{"a", "later", "b"}, got); diff != "" || tries["garbage"] != 1 || tries["later"] != 5 {
		t.Errorf("%s, tries %v", diff, tries)
	}
	letters := topologytest.Output(d, topology.NewStream("phases-dead-letters", codecs.Bytes(), codecs.Bytes())).All()
	if len(letters) != 1 || string(letters[0].Value) != "garbage" {
		t.Errorf("letters %v", letters)
	}
	if topology.InPhase(topology.PhaseDecode, nil) != nil {
		t.Error("nothing is an error")
	}
	if err := topology.InPhase(topology.PhaseWrite, errors.ErrUnsupported); !errors.Is(err, errors.ErrUnsupported) || err.Error() != errors.ErrUnsupported.Error() {
		t.Errorf("it reads %v", err)
	}
}
