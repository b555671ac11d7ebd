package integration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// mutant is the pipeline with a rule taken from it, by what it is told.
type mutant struct {
	*memory
	told func(e simwiki.Event) []simwiki.Event
}

func (m *mutant) Send(ctx context.Context, e simwiki.Event) error {
	for _, e := range m.told(e) {
		if err := m.memory.Send(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// rendered tells of renderings that are changed.
func rendered(change func(*events.Render)) func() func(simwiki.Event) []simwiki.Event {
	return func() func(simwiki.Event) []simwiki.Event {
		return func(e simwiki.Event) []simwiki.Event {
			if e.Render != nil {
				r := *e.Render
				change(&r)
				e.Render = &r
			}
			return []simwiki.Event{e}
		}
	}
}

func asItIs() func(simwiki.Event) []simwiki.Event {
	return func(e simwiki.Event) []simwiki.Event { return []simwiki.Event{e} }
}

// byTime drops a page's events that are older than one before: a time would be their order.
func byTime(renders bool) func() func(simwiki.Event) []simwiki.Event {
	return func() func(simwiki.Event) []simwiki.Event {
		last := map[tables.PageKey]time.Time{}
		return func(e simwiki.Event) []simwiki.Event {
			if renders != (e.Render != nil) {
				return []simwiki.Event{e}
			}
			if e.Time().Before(last[e.PageKey()]) {
				return nil
			}
			last[e.PageKey()] = e.Time()
			return []simwiki.Event{e}
		}
	}
}

// nameless gives each event an id of its own, so that no repeat is known by it.
func nameless() func(simwiki.Event) []simwiki.Event {
	n := 0
	return func(e simwiki.Event) []simwiki.Event {
		if e.Render != nil {
			n++
			r := *e.Render
			r.Meta.ID = fmt.Sprintf("%s again %d", r.Meta.ID, n)
			e.Render = &r
		}
		return []simwiki.Event{e}
	}
}

// withoutEvidence does not tell what a rendering saw.
func withoutEvidence(r *events.Render) {
	r.Links.Template = slices.Clone(r.Links.Template)
	for i := range r.Links.Template {
		l := &r.Links.Template[i]
		l.PageID, l.RevID = 0, 0
	}
	for _, list := range []*[]events.TitleLink{&r.Links.Page, &r.Links.Existence} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i].PageID = 0
		}
	}
}

// Each rule of what counts before clocks has a pipeline without it, which the scenarios find.
func TestInvariantsFindMutants(t *testing.T) {
	t.Parallel()
	clocks := func(l simwiki.Listing, c oracle.Clocks) oracle.Scenario {
		return oracle.Scenario{Listing: l, Repeat: 10, Noise: oracle.Noise{Clocks: c, Skew: skew, Future: 3}}
	}
	for _, tt := range []struct {
		rule     string // that is missing
		scenario oracle.Scenario
		options  processors.Options
		ahead    time.Duration // of the system's clock
		told     func() func(simwiki.Event) []simwiki.Event
	}{
		{rule: "none"},
		{rule: "a tie is stale", scenario: oracle.Scenario{Listing: simwiki.Direct}, told: rendered(func(r *events.Render) {
			withoutEvidence(r)
			r.Start = r.Start.Add(time.Second)
		})},
		{rule: "clocks are apart", scenario: clocks(simwiki.Direct, oracle.LateClocks)},
		{rule: "what was seen decides", scenario: clocks(simwiki.Complete, oracle.AnyClocks), options: processors.Options{ClockSkew: skew}, told: rendered(func(r *events.Render) {
			r.Links.Template = slices.Clone(r.Links.Template)
			for i := range r.Links.Template {
				r.Links.Template[i].RevID += 1000 // it has not been written yet
			}
		})},
		{rule: "changes have the order of the log", scenario: clocks(simwiki.Complete, oracle.LateClocks), options: processors.Options{ClockSkew: skew}, told: byTime(false)},
		{rule: "renderings have the order of the log", scenario: clocks(simwiki.Complete, oracle.LateClocks), options: processors.Options{ClockSkew: skew}, told: byTime(true)},
		{rule: "a time to come is none", scenario: clocks(simwiki.Complete, oracle.LateClocks), options: processors.Options{ClockSkew: skew}, ahead: 170 * 365 * 24 * time.Hour},
		{rule: "a repeat is known by its id", scenario: oracle.Scenario{Listing: simwiki.Complete, Repeat: 30}, told: nameless},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			if tt.told == nil {
				tt.told = asItIs
			}
			if tt.rule == "none" {
				tt.scenario, tt.options = clocks(simwiki.Complete, oracle.AnyClocks), processors.Options{ClockSkew: skew}
			}
			for seed := uint64(1); seed <= 500; seed++ {
				sc := tt.scenario
				m := newMemory(t, tt.options, topologytest.Interleave(seed), topologytest.Batch(4), topologytest.Fresh())
				sc.Start = m.Now()
				m.Advance(tt.ahead)
				err := oracle.Play(t.Context(), sc, oracle.NewTape(seed), &mutant{m, tt.told()})
				if f, ok := errors.AsType[*oracle.Failure](err); ok {
					if tt.rule == "none" {
						t.Fatal(f)
					}
					t.Logf("found by seed %d: %s", seed, f.Invariant)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if tt.rule == "none" && seed == 20 {
					return
				}
			}
			t.Error("500 scenarios do not find it")
		})
	}
}
