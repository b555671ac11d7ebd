package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
)

// Clocks says how the clocks of a scenario's wiki and of its renderers go wrong.
type Clocks uint8

const (
	// TrueClocks agree.
	TrueClocks Clocks = iota
	// AnyClocks are up to a week wrong, each for itself. As a renderer may be ahead of the wiki by any time, pages use only what renderings give evidence
	// of: templates, and whether there is a page, in lists that are complete.
	AnyClocks
	// LateClocks are as wrong, but no renderer is ahead of the wiki by more than the skew, unless one of them is so far ahead of the present that anybody
	// can tell.
	LateClocks
)

// Noise is what may be wrong with the events of a wiki.
type Noise struct {
	Clocks Clocks
	// Skew is how far clocks may be apart for the system.
	Skew time.Duration
	// Future is the chance, in percent, that an event has a time of decades to come.
	Future int
	// Renamed is the chance, in percent, that a repeat has another id.
	Renamed int
	// Lost is the chance, in percent, that an event never comes. At the end what makes that good is done, for each page of which one was lost.
	Lost int
	// Sparse leaves out of events, at random, what they need not say, and of renderings what they saw.
	Sparse bool
}

// clocks are those of a scenario: how many seconds each is ahead of the true time.
type clocks struct {
	wiki      int64
	renderers [2]int64 // two machines, which take turns
	skew      int64
	agree     bool // a renderer may compare its times with the wiki's
}

const (
	hour = 3600
	day  = 24 * hour
	week = 7 * day
	// lead is how many seconds behind the start of a scenario the time of an event is surely to come. A scenario takes some minutes.
	lead = 2 * hour
)

// What clocks may be off beside the skew. One may be ahead by minutes before anybody can tell.
var (
	ahead  = []int64{20, 200}
	far    = []int64{3 * hour, 3 * day, week}
	behind = []int64{-20, -200, -3 * hour, -3 * day, -week}
)

// draw sets the clocks.
func (n Noise) draw(c simwiki.Chooser) clocks {
	k := clocks{agree: true, skew: int64(n.Skew / time.Second)}
	if n.Clocks == TrueClocks {
		return k
	}
	of := func(lists ...[]int64) int64 {
		all := slices.Concat(append(lists, []int64{0, 0})...)
		return all[c.IntN(len(all))]
	}
	k.wiki = of(ahead, far, behind)
	base := k.wiki
	switch {
	case n.Clocks == AnyClocks, k.wiki >= hour: // the system goes by its own clock where the wiki's is far ahead
		base = of(ahead, far, behind)
	case c.IntN(4) == 0:
		base = far[c.IntN(len(far))]
	default:
		base += of(behind)
	}
	near := int(k.skew-1) / 2
	jitter := func() int64 { return int64(c.IntN(2*near+1) - near) }
	k.wiki += jitter()
	for i := range k.renderers {
		k.renderers[i] = base + jitter()
	}
	wiki := k.wiki
	if wiki >= hour {
		wiki = 0
	}
	k.agree = max(k.renderers[0], k.renderers[1]) <= wiki+k.skew
	return k
}

func (k clocks) String() string {
	return fmt.Sprintf("the wiki's clock is %+d s, those of renderers %+d s", k.wiki, k.renderers)
}

// lie gives an event the time of whoever made it.
func (p *player) lie(e simwiki.Event) {
	at := &p.clocks.wiki
	if e.Render != nil {
		p.machine++
		at = &p.clocks.renderers[p.machine%2]
	}
	off := time.Duration(*at) * time.Second
	if f := p.sc.Noise.Future; f > 0 && p.beside.IntN(100) < f {
		off = 70 * 365 * 24 * time.Hour
	}
	if off == 0 {
		return
	}
	p.notef("    its clock is %s off", off)
	if e.Render != nil {
		e.Render.Start = e.Render.Start.Add(off)
		return
	}
	e.Change.Time = e.Change.Time.Add(off)
	e.Change.Revision.Time = e.Change.Revision.Time.Add(off)
}
