package topology_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// session is a user's clicks, none of which is more than half an hour behind the one before.
type session struct{ Start, End, Clicks int64 }

// Sessions end when their user has done nothing for half an hour. A click may come late, by ten minutes, and join two of them; so all that are near
// are looked for, in the order of their start.
func ExampleStore_Range_sessionWindow() {
	const gap, grace = 30 * time.Minute, 10 * time.Minute
	text, windows := codecs.String[string](), codecs.PairOf(codecs.String[string](), codecs.Int64())
	clicks, sessions := topology.NewStream("clicks", text, text), topology.NewStream("sessions", text, text)

	b := topology.NewBuilder("sessions")
	p := topology.AddProcessor(b, "sessions", text)
	open := topology.AddStore(p, "open", windows, codecs.JSON[session]())
	ends := topology.AddTimers(p, "ends", windows, topology.StreamTime)
	out := topology.Output(p, sessions)
	topology.Input(p, clicks).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		at, near := r.Timestamp().Unix(), int64(gap/time.Second)
		joined := session{Start: at, End: at, Clicks: 1}
		for e, err := range open.Range(r, window{First: r.Key}, window{First: r.Key, Second: at + near}) {
			switch {
			case err != nil:
				return err
			case e.Value.End+near <= at:
				continue
			}
			joined = session{min(joined.Start, e.Value.Start), max(joined.End, e.Value.End), joined.Clicks + e.Value.Clicks}
			if err := errors.Join(open.Delete(r, e.Key), ends.Cancel(r, e.Key)); err != nil {
				return err
			}
		}
		key := window{First: r.Key, Second: joined.Start}
		return errors.Join(open.Set(r, key, joined), ends.Set(r, key, time.Unix(joined.End, 0).Add(gap+grace)))
	})
	ends.Handle(func(_ context.Context, t *topology.Timer[window]) error {
		s, _, err := open.Get(t, t.Key)
		if err != nil {
			return err
		}
		from, to := time.Unix(s.Start, 0).UTC().Format("15:04"), time.Unix(s.End, 0).UTC().Format("15:04")
		return errors.Join(out.Emit(t, t.Key.First, fmt.Sprintf("%s to %s: %d clicks", from, to, s.Clicks)), open.Delete(t, t.Key))
	})
	for _, line := range feed(b, clicks, []visit{
		{"ada", "12:00:00"}, {"ada", "12:20:00"}, {"bob", "12:25:00"}, {"bob", "12:58:00"}, // a second session
		{"bob", "12:40:00"}, // no: it is one
		{"ada", "13:00:00"}, {"ada", "13:10:00"}, {"ada", "15:00:00"},
	}, sessions) {
		fmt.Println(line)
	}
	// Output:
	// sessions ada 12:00 to 12:20: 2 clicks
	// sessions bob 12:25 to 12:58: 3 clicks
	// sessions ada 13:00 to 13:10: 2 clicks
}
