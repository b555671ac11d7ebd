package engine_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/deadletter"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// A record that is sent again is for the group that gave it up.
func TestReplayedRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	topo := ledger(kernel.Policies{})
	b.topics(topo, 2)
	r := b.start(topo).started()
	for i, group := range []string{"test-ledger", "test-other"} {
		l := &deadletter.Letter{Group: group, Topic: "in", Key: []byte("6"), Value: []byte(strconv.Itoa(i))}
		m := l.Replay()
		record := to("in", 0, string(m.Key), string(m.Value))
		for _, h := range m.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
		b.produce(record)
	}
	r.settle()
	b.check(r.stop())
	if got := fold(b.read("test-ledger-table"))["6"]; got != "0;" {
		t.Errorf("the row is %q", got)
	}
}

// A row that is too large is named, and the record that wrote it.
func TestTooLargeRowIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	topo := ledger(kernel.Policies{})
	b.topics(topo, 2)
	r := b.start(topo, onDelivery(engine.AtLeastOnce)).started()
	b.produce(to("in", 0, "6", "a"), to("in", 0, "6", "large row"))
	err := r.wait()
	e, ok := errors.AsType[*engine.ProcessError](err)
	if !ok || !errors.Is(err, engine.ErrTooLarge) || e.Topic != "in" || e.Offset != 1 || e.Phase != kernel.PhaseWrite || !strings.Contains(err.Error(), `"test-ledger-table", row "6"`) {
		t.Errorf("ended with %v", err)
	}
}
