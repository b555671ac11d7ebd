package integration_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

var brokerSeedsFlag = flag.Uint64("oracle.broker-seeds", 10, "how many seeds each scenario plays on a broker")

// stage is the pipeline on a broker as a scenario sees it that is played on one of its wikis. Scenarios played one
// after the other share it, each on a wiki of its own.
type stage struct {
	*brokered
	wiki     string
	requests []tables.Request
	cascades []tables.CascadeEvent
	asks     topology.Positions // what has been read of the streams
	reports  topology.Positions
	views    views
}

// enter begins a scenario on a wiki that the pipeline has never heard of.
func (s *stage) enter(wiki string) {
	s.wiki, s.requests, s.cascades = wiki, nil, nil
}

// Settle waits for rest and reads what the pipeline has sent out since.
func (s *stage) Settle(ctx context.Context) error {
	if err := s.to.Settle(ctx); err != nil {
		return err
	}
	return errors.Join(
		follow(ctx, s.cfg, tables.RerenderRequests, &s.asks, func(r tables.Request) {
			if r.WikiID == s.wiki {
				s.requests = append(s.requests, r)
			}
		}),
		follow(ctx, s.cfg, tables.CascadeEvents, &s.reports, func(e tables.CascadeEvent) {
			if e.WikiID == s.wiki {
				s.cascades = append(s.cascades, e)
			}
		}),
	)
}

// follow reads a stream from a position to its end, which is the next position.
func follow[K, V any](ctx context.Context, cfg topology.Config, s topology.Stream[K, V], at *topology.Positions, take func(V)) error {
	end, err := topology.Ends(ctx, cfg, s)
	if err != nil {
		return err
	}
	from := *at
	*at = end
	return topology.Read(ctx, cfg, s, from, end, func(_ context.Context, r *topology.Record[K, V]) error {
		take(r.Value)
		return nil
	})
}

func (s *stage) Requests() []tables.Request      { return s.requests }
func (s *stage) Cascades() []tables.CascadeEvent { return s.cascades }

func (s *stage) Derived() (*oracle.Derived, error) { return s.views.derived(s.t.Context(), s.wiki) }

// restart stops the app and starts another one, with stores that it has to build again.
func (s *stage) restart(context.Context) error {
	s.stop()
	s.start("")
	return nil
}

// brokerPlays are the scenarios that are worth a broker: real groups, several partitions, and stops on the way.
func brokerPlays() []play {
	var all []play
	small := processors.Options{InlineEdges: 1, WalkChunks: 1, ChunkWidth: 10, CascadeEntries: 2}
	for _, listing := range []simwiki.Listing{simwiki.Complete, simwiki.Direct} {
		all = append(all,
			play{name: "calm", scenario: oracle.Scenario{Listing: listing, Calm: true, Steps: 15, PageStep: 300}},
			play{name: "busy", scenario: oracle.Scenario{Listing: listing, Repeat: 10, PageStep: 300}},
			play{name: "restarted", scenario: oracle.Scenario{Listing: listing, AtLeastOnce: true, Steps: 100, PageStep: 700}, options: small},
		)
	}
	for i := range all {
		all[i].name = all[i].scenario.Listing.String() + " " + all[i].name
	}
	return all
}

// Every invariant holds at rest on a broker with several partitions, whatever happened on the way.
func TestInvariantsOnBroker(t *testing.T) {
	t.Parallel()
	for _, p := range brokerPlays() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := &stage{brokered: runBrokered(t, p.options, topology.Config{Partitions: 3})}
			s.views = openViews(t, s.cfg)
			first, last := uint64(1), *brokerSeedsFlag
			if testing.Short() {
				last = min(last, 2)
			}
			if *seedFlag != 0 {
				first, last = *seedFlag, *seedFlag
			}
			for seed := first; seed <= last; seed++ {
				sc := p.scenario
				sc.Wiki = fmt.Sprintf("wiki%d", seed)
				if sc.AtLeastOnce {
					sc.Restart = s.restart
				}
				s.enter(sc.Wiki)
				if err := oracle.Play(t.Context(), sc, oracle.NewTape(seed), s); err != nil {
					t.Fatalf("repeat with: go test ./integration -run '%s' -oracle.seed=%d\n%v", t.Name(), seed, err)
				}
			}
		})
	}
}

var _ oracle.System = (*stage)(nil)
