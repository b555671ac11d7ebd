package topology_test

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Goka's 2-clicks: how often each user clicked, in the processor's own table. What is ctx.Value and ctx.SetValue there is Get and Set of a typed
// handle here, and the context is a plain one.
func Example_userClicks() {
	type User struct {
		Clicks int
		Last   string
	}
	text := codecs.String[string]()
	clicks := topology.NewStream("user-click", text, text) // user, time

	b := topology.NewBuilder("clicks")
	p := topology.AddProcessor(b, "users", text)
	users := topology.Persist(p, codecs.JSON[User]())
	topology.Input(p, clicks).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		user, _, err := users.Get(r) // the zero User at the first click
		if err != nil {
			return err
		}
		user.Clicks++
		user.Last = r.Value
		return users.Set(r, user)
	})

	d := drive(b)
	in := topologytest.Input(d, clicks)
	in.Send("user-1", "10:00")
	in.Send("user-2", "10:01")
	in.Send("user-1", "10:02")
	for _, user := range topologytest.Rows(d, users.Table()) {
		fmt.Println(user.Key, user.Value.Clicks, user.Value.Last)
	}
	// Output:
	// user-1 2 10:02
	// user-2 1 10:01
}
