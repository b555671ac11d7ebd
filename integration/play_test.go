package integration_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology/topologytest"
)

var (
	seedFlag   = flag.Uint64("oracle.seed", 0, "play only this seed")
	seedsFlag  = flag.Uint64("oracle.seeds", 30, "how many seeds each scenario plays")
	shrinkFlag = flag.Int("oracle.shrink", 1000, "in how many tries a scenario that fails is made smaller")
)

// memory is the pipeline in memory as a scenario sees it.
type memory struct {
	driven
	requests  []tables.Request
	cascades  []tables.CascadeEvent
	requested *topologytest.Tap[tables.PageKey, tables.Request]
	reported  *topologytest.Tap[tables.CascadeID, tables.CascadeEvent]
}

func newMemory(t *testing.T, o processors.Options, opts ...topologytest.DriverOption) *memory {
	t.Helper()
	d := drive(t, o, opts...)
	return &memory{
		driven: d, requested: topologytest.Output(d.Driver, tables.RerenderRequests),
		reported: topologytest.Output(d.Driver, tables.CascadeEvents),
	}
}

func (m *memory) Send(_ context.Context, e simwiki.Event) error {
	if e.Change != nil {
		m.changes.Queue(e.PageKey(), *e.Change)
	} else {
		m.renders.Queue(e.PageKey(), *e.Render)
	}
	return nil
}

func (m *memory) Settle(context.Context) error { return m.SettleErr() }

// Wait implements [oracle.Waiter].
func (m *memory) Wait(_ context.Context, by time.Duration) error {
	m.Advance(by)
	return nil
}

func (m *memory) Requests() []tables.Request {
	for _, e := range m.requested.All() {
		m.requests = append(m.requests, e.Value)
	}
	return m.requests
}

func (m *memory) Cascades() []tables.CascadeEvent {
	for _, e := range m.reported.All() {
		m.cascades = append(m.cascades, e.Value)
	}
	return m.cascades
}

func (m *memory) Derived() (*oracle.Derived, error) {
	c := oracle.NewCollector()
	for _, e := range topologytest.Rows(m.Driver, tables.Pages) {
		c.Page(e.Key, e.Value)
	}
	for _, e := range topologytest.Rows(m.Driver, tables.Titles) {
		c.Title(e.Key, e.Value)
	}
	parts := map[tables.LinksPartKey]*tables.LinksPart{}
	for _, e := range topologytest.Rows(m.Driver, tables.LinksParts) {
		parts[e.Key] = e.Value
	}
	for _, e := range topologytest.Rows(m.Driver, tables.Links) {
		row, whole, err := e.Value.Fill(func(name int64) (*tables.LinksPart, bool, error) {
			p, found := parts[tables.LinksPartKey{First: e.Key, Second: tables.LinksPartName(name)}]
			return p, found, nil
		})
		if err != nil || !whole {
			return nil, fmt.Errorf("links of %s: parts are missing: %w", e.Key, err)
		}
		c.Links(e.Key, row)
	}
	for _, e := range topologytest.Rows(m.Driver, tables.Dependents) {
		c.Dependents(e.Key, e.Value)
	}
	return c.Derived(), nil
}

// play is a scenario on one way of running the pipeline.
type play struct {
	name     string
	scenario oracle.Scenario
	options  processors.Options
	inOrder  bool    // no interleaving within the pipeline
	crashes  float64 // probability of a crash at a commit
	batch    int
}

// skew is how far clocks may be apart where nothing but times tells.
const skew = 5 * time.Second

func plays() []play {
	var all []play
	for _, listing := range []simwiki.Listing{simwiki.Complete, simwiki.Direct, simwiki.Mixed} {
		small := processors.Options{InlineEdges: 1, WalkChunks: 1, ChunkWidth: 10, BucketEdges: 1, CascadeEntries: 2, LinksBytes: 50}
		apart := small
		apart.ClockSkew = skew
		forgetful := small // a page may be asked for twice, and no page is stale
		forgetful.EndedCascades = 1
		all = append(all,
			play{name: "calm", scenario: oracle.Scenario{Listing: listing, Calm: true, Steps: 30}, inOrder: true},
			play{name: "in order", scenario: oracle.Scenario{Listing: listing, Repeat: 10}, inOrder: true},
			play{name: "interleaved", scenario: oracle.Scenario{Listing: listing, Repeat: 10}, batch: 4},
			play{name: "chunks", scenario: oracle.Scenario{Listing: listing, Repeat: 5, PageStep: 700}, options: small, batch: 3},
			play{
				name: "clocks", scenario: oracle.Scenario{Listing: listing, Repeat: 10, Noise: oracle.Noise{Clocks: oracle.LateClocks, Skew: skew, Future: 3}},
				options: processors.Options{ClockSkew: skew}, batch: 4,
			},
			play{
				name: "sparse", scenario: oracle.Scenario{Listing: listing, Repeat: 20, Noise: oracle.Noise{Renamed: 50, Sparse: true}}, batch: 4,
			},
			play{
				name: "clocks and chunks", scenario: oracle.Scenario{
					Listing: listing, Repeat: 10, PageStep: 30_000_001,
					Noise: oracle.Noise{Clocks: oracle.LateClocks, Skew: skew, Future: 3, Renamed: 20, Sparse: true},
				}, options: apart, batch: 2,
			},
			play{name: "lost", scenario: oracle.Scenario{Listing: listing, Repeat: 10, Noise: oracle.Noise{Lost: 25}}, batch: 4},
			play{name: "redirects", scenario: oracle.Scenario{Listing: listing, Calm: true, Steps: 40, Redirects: 60}, inOrder: true},
			play{name: "cold", scenario: oracle.Scenario{Listing: listing, Repeat: 10, Cold: true, Steps: 40}, batch: 4},
			play{name: "crashes", scenario: oracle.Scenario{Listing: listing, AtLeastOnce: true, PageStep: 1 << 40}, options: forgetful, batch: 3, crashes: 0.05},
		)
	}
	all = append(all, play{
		name: "any clocks", scenario: oracle.Scenario{Listing: simwiki.Complete, Repeat: 10, Noise: oracle.Noise{Clocks: oracle.AnyClocks, Skew: skew, Future: 3}},
		options: processors.Options{ClockSkew: skew}, batch: 4,
	})
	all = append(all, coalescing()...)
	all = append(all,
		play{name: "missed", scenario: oracle.Scenario{Listing: simwiki.Complete, Repeat: 10, Noise: oracle.Noise{Lost: 2}}, batch: 4},
	)
	for i := range all {
		all[i].name = all[i].scenario.Listing.String() + " " + all[i].name
	}
	return all
}

func (p play) run(t *testing.T, seed uint64, tape *oracle.Tape) error {
	t.Helper()
	var opts []topologytest.DriverOption
	if !p.inOrder {
		opts = append(opts, topologytest.Interleave(seed), topologytest.Batch(p.batch), topologytest.Fresh())
	}
	if p.crashes > 0 {
		opts = append(opts, topologytest.Crashes(p.crashes))
	}
	m := newMemory(t, p.options, opts...)
	sc := p.scenario
	sc.Start = m.Now()
	sc.Restart = func(context.Context) error { m.Restart(); return nil }
	return oracle.Play(t.Context(), sc, tape, m)
}

// Every invariant holds at rest, whatever happened on the way.
func TestInvariants(t *testing.T) {
	t.Parallel()
	for _, p := range plays() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			first, last := uint64(1), *seedsFlag
			if testing.Short() {
				last = min(last, 15)
			}
			if *seedFlag != 0 {
				first, last = *seedFlag, *seedFlag
			}
			for seed := first; seed <= last; seed++ {
				tape := oracle.NewTape(seed)
				if err := p.run(t, seed, tape); err != nil {
					t.Fatal(p.smallest(t, seed, tape, err))
				}
			}
		})
	}
}

// smallest shrinks a failure, and says how to repeat it.
func (p play) smallest(t *testing.T, seed uint64, tape *oracle.Tape, err error) error {
	t.Helper()
	var failure *oracle.Failure
	if !errors.As(err, &failure) {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	oracle.Shrink(tape.Numbers(), *shrinkFlag, func(numbers []int) bool {
		var f *oracle.Failure
		if errors.As(p.run(t, seed, oracle.Replay(numbers)), &f) && f.Invariant == failure.Invariant {
			failure = f
			return true
		}
		return false
	})
	return fmt.Errorf("repeat with: go test ./integration -run '%s' -oracle.seed=%d\n%w", t.Name(), seed, failure)
}

var _ oracle.System = (*memory)(nil)
