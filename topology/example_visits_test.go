package topology_test

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

type (
	UserID string
	CityID string

	Click   struct{ URL string }
	Profile struct{ City CityID }
	City    struct{ Name string }
	Retry   struct{ Left int }
)

// Edges are plain typed values: topic, key codec, value codec. Making one does no I/O.
var (
	userKey, cityKey = codecs.String[UserID](), codecs.String[CityID]()

	clicks   = topology.NewStream("clicks", userKey, codecs.JSON[Click]())
	profiles = topology.NewTable("profiles", userKey, codecs.JSON[Profile]())
	cities   = topology.NewTable("cities", cityKey, codecs.JSON[City]())
	visits   = topology.NewStream("visits", cityKey, codecs.JSON[City]())
)

// visitor is a processor: its handles are fields, its handlers are methods.
type visitor struct {
	count   topology.State[UserID, int64]    // own table
	profile topology.Joined[UserID, Profile] // co-partitioned, read at the record's key
	city    topology.Reference[CityID, City] // any table, read at any key
	visits  topology.Sink[CityID, City]      // output stream
	retry   *topology.Loopback[UserID, Retry]
}

func (v *visitor) click(_ context.Context, r *topology.Record[UserID, Click]) error {
	n, _, err := v.count.Get(r)
	if err != nil {
		return err
	}
	if err := v.count.Set(r, n+1); err != nil {
		return err
	}
	return v.visit(r, r.Key, 3)
}

func (v *visitor) again(_ context.Context, r *topology.Record[UserID, Retry]) error {
	return v.visit(r, r.Key, r.Value.Left)
}

func (v *visitor) visit(r topology.Scope, user UserID, left int) error {
	profile, known, err := v.profile.Get(r)
	if err != nil || !known && left == 0 {
		return err
	}
	if !known {
		return v.retry.Send(r, user, Retry{Left: left - 1}) // bounded recursion
	}
	city, _, err := v.city.Get(r, profile.City)
	if err != nil {
		return err
	}
	return v.visits.Emit(r, profile.City, city)
}

// newVisits declares two consumer groups; the topic between them is where the key changes.
func newVisits() (*topology.Topology, topology.Table[UserID, int64], topology.Table[CityID, int64], error) {
	b := topology.NewBuilder("visits")
	p := topology.AddProcessor(b, "visitor", userKey) // fixes the key of every co-partitioned edge
	v := &visitor{
		count:   topology.Persist(p, codecs.Int64()),
		profile: topology.Join(p, profiles), // Join(p, cities) does not compile
		city:    topology.Lookup(p, cities),
		visits:  topology.Output(p, visits),
		retry:   topology.Loop(p, codecs.JSON[Retry]()),
	}
	v.retry.Handle(v.again)
	topology.Input(p, clicks).Handle(v.click)

	q := topology.AddProcessor(b, "city-counter", cityKey) // the operator layer, same kernel
	named := topology.From(q, visits).Filter(func(_ CityID, c City) bool { return c.Name != "" })
	perCity := topology.Aggregate(named, codecs.Int64(), func(n int64, _ City) int64 { return n + 1 })

	topo, err := b.Build() // reports every problem at once
	return topo, v.count.Table(), perCity.Table(), err
}

// A whole program of both layers: a processor with a table, a join, a lookup, an output and a loop, and a flow
// that counts.
func Example() {
	topo, count, perCity, err := newVisits()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(topo)

	d := topologytest.New(exampleTB{}, topo)
	topologytest.Seed(d, profiles).Send("ada", Profile{City: "LDN"})
	topologytest.Seed(d, cities).Send("LDN", City{Name: "London"})
	in, out := topologytest.Input(d, clicks), topologytest.Output(d, visits)
	in.Send("ada", Click{URL: "/"})
	in.Send("bob", Click{URL: "/"}) // unknown: loops three times, then gives up

	id, city, _ := out.Next()
	bob, _ := topologytest.Value(d, count, "bob")
	london, _ := topologytest.Value(d, perCity, "LDN")
	fmt.Printf("visit of %s, %s; bob clicked %d times, London has %d visits\n", id, city.Name, bob, london)
	// Output:
	// topology visits
	//   processor visitor
	//     table  <- visits-visitor-table
	//     join   <- profiles
	//     lookup <- cities
	//     output -> visits
	//     loop   <- visits-visitor-loop
	//     input  <- clicks
	//   processor city-counter
	//     input  <- visits
	//     table  <- visits-city-counter-table
	// visit of LDN, London; bob clicked 1 times, London has 1 visits
}
