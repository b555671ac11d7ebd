package oracle

import (
	"context"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Cost is what clocks that are wrong cost: requests in a scenario with clocks that agree, in the same one with others, and how many more there may be.
type Cost struct{ True, Skewed, Doubts int }

// Skew plays a scenario twice, each time on a system of its own: with the clocks of its noise, and with such as agree. What the wiki does, and when, is
// the same in both, drawn from one tape; what depends on requests is drawn from others.
//
// A request too many is of a change and of a page of which a rendering began after the change, and whose time does not tell so: see [player.doubts]. A
// page is asked for once for each change of a title; so there are no more than such pairs.
func Skew(ctx context.Context, sc Scenario, seed uint64, system func() System) (c Cost, err error) {
	for _, skewed := range []bool{false, true} {
		sc, sys := sc, system()
		if !skewed {
			sc.Noise.Clocks, sc.Noise.Future = TrueClocks, 0
		}
		p := newPlayer(ctx, sc.withDefaults(), NewTape(seed), NewTape(^seed), sys)
		if err := p.play(); err != nil {
			return c, err
		}
		if skewed {
			c.Skewed, c.Doubts = len(sys.Requests()), p.doubts()
		} else {
			c.True = len(sys.Requests())
		}
	}
	return c, nil
}

// doubts counts the pairs of a change of a title and a page that are in doubt: the page uses the title, by its own links or through others; a rendering of it
// began after the change; and, by the times that were told, not later than the change, or than one of the title before it, by more than the skew. Of a
// change that was told to be earlier than one of the title before it, or than a rendering that began before it, or to be still to come, every such rendering is.
func (p *player) doubts() int {
	skew, toCome := p.sc.Noise.Skew, p.wiki.Now().Add(lead*time.Second)
	g := newGraph(p.log, 0)
	uses := map[tables.Name][]int64{}
	renders := map[int64][]*events.Render{}
	var rendered []*events.Render // by anybody
	seen := map[string]bool{}
	var changes []*events.PageChange
	for _, e := range p.log {
		if id := first(e.ID()); !seen[id] {
			seen[id] = true
			if e.Render == nil {
				changes = append(changes, e.Change)
				continue
			}
			renders[e.Render.Page.ID] = append(renders[e.Render.Page.ID], e.Render)
			rendered = append(rendered, e.Render)
		}
	}
	for id := range renders {
		for n := range g.reach(id) {
			uses[n] = append(uses[n], id)
		}
	}
	n := 0
	for _, c := range changes {
		roots := []tables.Name{changedName(c)}
		if c.PriorPage != nil {
			roots = append(roots, simwiki.Unprefixed(c.PriorPage.Namespace, c.PriorPage.Title))
		}
		for _, root := range roots {
			timeless := c.Time.After(toCome)
			for _, o := range changes {
				if serial(o.Meta.ID) < serial(c.Meta.ID) && o.Time.After(c.Time) && changedName(o) == root {
					timeless = true
				}
			}
			for _, r := range rendered {
				timeless = timeless || serial(r.Meta.ID) < serial(c.Meta.ID) && r.Start.After(c.Time)
			}
			for _, id := range uses[root] {
				for _, r := range renders[id] {
					if serial(r.Meta.ID) > serial(c.Meta.ID) && (timeless || r.Start.After(toCome) || !r.Start.After(c.Time.Add(skew))) {
						n++
						break
					}
				}
			}
		}
	}
	return n
}
