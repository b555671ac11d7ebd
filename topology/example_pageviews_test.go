package topology_test

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Kafka Streams' PageViewTypedDemo, without its windows: page views are joined with a table of users and counted by the user's region. As there,
// it is the stream that triggers the join: a view counts for the region in which the user was when it came.
func Example_pageViewsByRegion() {
	type View struct{ Page, Region string }
	type User struct{ Region string }
	text, view := codecs.String[string](), codecs.JSON[View]()
	views := topology.NewStream("views", text, view) // by user
	users := topology.NewTable("users", text, codecs.JSON[User]())
	byRegion := topology.NewStream("views-by-region", text, view)

	b := topology.NewBuilder("pageviews")
	joiner := topology.AddProcessor(b, "join", text)
	joined := topology.LeftJoinTable(topology.From(joiner, views), users, func(v View, user User, ok bool) View {
		v.Region = "unknown"
		if ok {
			v.Region = user.Region
		}
		return v
	})
	topology.Rekey(joined, byRegion, func(_ string, v View) string { return v.Region })

	counter := topology.AddProcessor(b, "count", text)
	counts := topology.Aggregate(topology.From(counter, byRegion), codecs.Int64(),
		func(n int64, _ View) int64 { return n + 1 })

	d := drive(b)
	user, seen := topologytest.Seed(d, users), topologytest.Input(d, views)
	user.Send("ada", User{Region: "europe"})
	seen.Send("ada", View{Page: "/home"})
	seen.Send("ada", View{Page: "/news"})
	user.Send("ada", User{Region: "asia"})
	seen.Send("ada", View{Page: "/home"})
	seen.Send("bob", View{Page: "/home"})
	for _, row := range topologytest.Rows(d, counts.Table()) {
		fmt.Println(row.Key, row.Value)
	}
	// Output:
	// asia 1
	// europe 2
	// unknown 1
}
