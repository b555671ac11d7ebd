package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// storesAndTimers keeps what comes for a minute of stream time, in a further store, and then sends it on with the number of what it still has of
// the same key by then. Each key has its time for itself: what others have led to does not show.
func storesAndTimers() scenario {
	const open = "conform-p-open-changelog"
	return scenario{
		name: "stores and timers", inputs: []string{"in"}, outputs: []string{"out"}, tables: []string{open, "conform-p-table"},
		keys: map[string]codecs.Codec[string]{open: pairs},
		build: func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			count, out := topology.Persist(p, text), topology.Output(p, stream("out"))
			kept, ends := topology.AddStore(p, "open", pairs, text), topology.AddTimers(p, "ends", pairs, topology.StreamTime)
			topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
				key := r.Key + "/" + r.Value
				if r.Deleted {
					return errors.Join(kept.Delete(r, r.Key+"/7"), ends.Cancel(r, r.Key+"/7"))
				}
				return errors.Join(kept.Set(r, key, r.Value), ends.Set(r, key, r.Timestamp().Add(time.Minute)))
			})
			ends.Handle(func(_ context.Context, t *topology.Timer[string]) error {
				part, _, _ := strings.Cut(t.Key, "/")
				v, ok, err := kept.Get(t, t.Key)
				if err != nil {
					return err
				}
				n, _, err := count.GetAt(t, part)
				if err != nil {
					return err
				}
				return errors.Join(out.Emit(t, part, fmt.Sprint(v, ok, t.At.Unix())), count.SetAt(t, part, plus(n, 1)), kept.Delete(t, t.Key))
			})
		},
		steps: func() (steps []step) {
			at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			for i := range 120 {
				steps = append(steps, step{edge: "in", key: fmt.Sprintf("k%d", i%6), value: strconv.Itoa(i), at: at.Add(time.Duration(i) * time.Second)})
			}
			for i := range 6 {
				steps = append(steps, step{edge: "in", key: fmt.Sprintf("k%d", i), deleted: true, at: at.Add(2 * time.Minute)})
			}
			for i := range 6 {
				steps = append(steps, step{edge: "in", key: fmt.Sprintf("k%d", i), value: "last", at: at.Add(time.Hour)})
			}
			return steps
		}(),
		want: map[string]map[string]string{"conform-p-table": {"k0": "20", "k5": "20"}, open: {"k1/last": "last"}},
	}
}
