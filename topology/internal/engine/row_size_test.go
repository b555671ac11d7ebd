package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// A row that no record could hold is an error that names processor, record, table, row, size and limit, and nothing of its batch is sent. The largest
// that a record can hold is one row.
func TestRowTooLarge(t *testing.T) {
	t.Parallel()
	const changelog, most = "test-hoarder-rows-changelog", cluster.DefaultMaxRecordBytes
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			out := &kernel.Output{Topic: topic("out")}
			k := only(&kernel.Processor{
				Name: "hoarder", Group: "test-hoarder", Stores: []*kernel.Table{texts(changelog)}, Outputs: []*kernel.Output{out},
				Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
					size := most - len("row")
					if string(m.Value) == "more" {
						size++
					}
					return errors.Join(t.Store(0).Set([]byte("row"), strings.Repeat("x", size)), t.Emit(out, m.Key, m.Value, m.Timestamp, nil))
				}}},
			})
			b.topics(k, 1)
			r := b.start(k, func(o *engine.Options) { o.Delivery = delivery }).started()
			b.produce(to("in", 0, "a", "most"))
			r.settle()
			b.produce(to("in", 0, "b", "more"))
			err := r.wait()
			var pe *engine.ProcessError
			if !errors.As(err, &pe) || !errors.Is(err, engine.ErrTooLarge) {
				t.Fatalf("the run ended with %v", err)
			}
			if pe.Processor != "hoarder" || pe.Topic != "in" || pe.Offset != 1 || string(pe.Key) != "b" ||
				!strings.Contains(err.Error(), `table "test-hoarder-rows-changelog", row "row": `) || !strings.Contains(err.Error(), "it has 1000001 bytes, and at most 1000000 are possible") {
				t.Errorf("the error is %v", err)
			}
			if rows, outputs := b.committedRecords(changelog, 1), b.committedRecords("out", 1); len(rows) != 1 || len(outputs) != 1 {
				t.Errorf("%d rows and %d outputs are in the logs", len(rows), len(outputs))
			}
		})
	}
}
