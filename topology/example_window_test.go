package topology_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// page and the second at which a window of its visits begins.
type window = codecs.Pair[string, int64]

// Visits of each page are counted by the minute. A window is closed ten seconds after its end, by the times of the visits: so long it waits
// for those that are late.
func ExampleAddTimers_tumblingWindow() {
	const size, grace = time.Minute, 10 * time.Second
	text, windows := codecs.String[string](), codecs.PairOf(codecs.String[string](), codecs.Int64())
	visits, counts, late := topology.NewStream("visits", text, text), topology.NewStream("counts", text, text), topology.NewStream("late", text, text)

	b := topology.NewBuilder("windows")
	p := topology.AddProcessor(b, "count", text)
	open := topology.AddStore(p, "open", windows, codecs.Int64())
	ends := topology.AddTimers(p, "ends", windows, topology.StreamTime)
	closed, missed := topology.Output(p, counts), topology.Output(p, late)
	topology.Input(p, visits).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		start := r.Timestamp().Truncate(size)
		end := start.Add(size + grace)
		if !r.StreamTime().Before(end) {
			return missed.Emit(r, r.Key, r.Value)
		}
		w := window{First: r.Key, Second: start.Unix()}
		n, _, err := open.Get(r, w)
		if err != nil {
			return err
		}
		return errors.Join(open.Set(r, w, n+1), ends.Set(r, w, end))
	})
	ends.Handle(func(_ context.Context, t *topology.Timer[window]) error {
		n, _, err := open.Get(t, t.Key)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s: %d", time.Unix(t.Key.Second, 0).UTC().Format("15:04"), n)
		return errors.Join(closed.Emit(t, t.Key.First, text), open.Delete(t, t.Key))
	})
	for _, line := range feed(b, visits, []visit{
		{"home", "12:00:05"}, {"help", "12:00:50"}, {"home", "12:01:02"}, {"home", "12:00:59"}, // late, and in time
		{"home", "12:01:10"}, {"home", "12:00:01"}, // too late
		{"help", "12:03:00"},
	}, counts, late) {
		fmt.Println(line)
	}
	// Output:
	// counts help 12:00: 1
	// counts home 12:00: 2
	// counts home 12:01: 2
	// late home 12:00:01
}
