package oracle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Scenario tunes [Play].
type Scenario struct {
	// Wiki is the wiki's name, so that scenarios can share a system. Defaults to "simwiki".
	Wiki string
	// Listing is what the wiki's render events list.
	Listing simwiki.Listing
	// Steps is how many steps are taken before the end. Defaults to 60.
	Steps int
	// Calm lets each change settle, with all answers, before the next one comes. Then requests
	// must also be of pages that can see the change.
	Calm bool
	// Repeat is the chance, in percent, that an event comes twice. Defaults to 0.
	Repeat int
	// AtLeastOnce allows a page to be asked for twice by one cascade: after a crash.
	AtLeastOnce bool
	// PageStep is the distance between page ids: a great one spreads few pages over many chunks
	// and partitions. Defaults to 1.
	PageStep int64
	// Redirects is the chance, in percent, that a new text is a redirect. Defaults to one in six.
	Redirects int
	// Noise is what may be wrong with events. Defaults to nothing.
	Noise Noise
	// Coalesced says that a page has one unanswered request at most, so that it may be asked for again for one cascade.
	Coalesced bool
	// Again is how long the system has to be left alone until it asks again for whatever was not answered, where that may be needed for a page not to
	// be stale: something was lost. Defaults to never.
	Again time.Duration
	// Start is the time at which the wiki begins, which should be the system's. Defaults to that of [simwiki.Options].
	Start time.Time
	// Cold has the system begin in the middle of the streams of a wiki that has lived for a while. Then no page is stale of which it may know.
	Cold bool
	// Rounds bounds how often, at the end, requests may be answered by more requests. Defaults to 100.
	Rounds int
	// Restart, if set, is called now and then at a random step: the system is stopped and started.
	Restart func(ctx context.Context) error
}

// String names the scenario as a test would: "direct", "complete calm".
func (sc Scenario) String() string {
	if sc.Calm {
		return sc.Listing.String() + " calm"
	}
	return sc.Listing.String()
}

// Failure is a scenario that broke an invariant.
type Failure struct { //nolint:errname // of what is played; that it travels as an error comes second
	Invariant string   // "fresh", "once", "derived", "ended", "blind", "replay", "quiet"
	Faults    []string // what broke it
	Trace     []string // what happened, step by step
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s\ntrace:\n  %s", f.Invariant, strings.Join(f.Faults, "\n"), strings.Join(f.Trace, "\n  "))
}

func (sc Scenario) withDefaults() Scenario {
	if sc.Steps == 0 {
		sc.Steps = 60
	}
	if sc.Rounds == 0 {
		sc.Rounds = 100
	}
	return sc
}

// Play plays the scenario that the tape draws on an empty system and checks all invariants at
// the end. It returns a [*Failure] for a broken one, any other error as the system gave it.
func Play(ctx context.Context, sc Scenario, tape *Tape, sys System) error {
	p := newPlayer(ctx, sc.withDefaults(), tape, tape, sys)
	if err := p.play(); err != nil {
		return err
	}
	return p.check()
}

func newPlayer(ctx context.Context, sc Scenario, tape, beside *Tape, sys System) *player {
	p := &player{
		ctx: ctx, sc: sc, tape: tape, beside: beside, sys: sys, feed: &simwiki.Feed{Repeat: sc.Repeat}, started: map[int64]int64{}, shown: map[int64]*events.Render{},
		redirects: map[int64]string{}, unseen: unseen{renders: map[int64]string{}}, came: map[string]bool{}, heard: map[int64]int{},
		named: map[int64]bool{}, through: map[int64][]simwiki.Via{}, lost: map[int64][]simwiki.Event{},
		forms: map[int64][2]string{}, turned: map[string]bool{}, moved: map[string]tables.Name{},
	}
	p.wiki = simwiki.NewWiki(simwiki.Options{Name: sc.Wiki, Listing: sc.Listing, Start: sc.Start, PageStep: sc.PageStep, Emit: p.emit})
	p.clocks = sc.Noise.draw(beside)
	if sc.Noise.Clocks != TrueClocks {
		p.notef("%s", p.clocks)
	}
	return p
}

type player struct {
	ctx  context.Context
	sc   Scenario
	tape *Tape
	// beside is what is drawn from that depends on what was asked for, and on clocks.
	beside *Tape
	sys    System
	wiki   *simwiki.Wiki
	feed   *simwiki.Feed
	trace  []string

	log       []simwiki.Event // what was sent, in order
	taken     int             // requests seen
	pending   []tables.Request
	started   map[int64]int64          // start of each page's last rendering by its renderer's clock, Unix seconds
	shown     map[int64]*events.Render // the last rendering of each page
	clocks    clocks
	redirects map[int64]string // where each page leads, by its last change
	machine   int              // renderings so far
	healed    bool             // what was lost has been made good
	healing   bool             // it is being made good

	unseen  unseen
	came    map[string]bool         // events that were delivered, by the ids that they came by first
	heard   map[int64]int           // of each page the first change that was delivered
	named   map[int64]bool          // pages that were named by a change that asks for them
	through map[int64][]simwiki.Via // of each page, what its last rendering showed others through
	lost    map[int64][]simwiki.Event
	moved   map[string]tables.Name // where a move was from, by the wiki
	missed  string                 // the change that is to be lost

	lastChange string
	forms      map[int64][2]string // where each page leads, and its content model, by the wiki
	turned     map[string]bool     // the changes of one of these

	touched int64                     // the page of the last change
	stepped int                       // position of the log at which the present step began
	hidden  bool                      // the present step was an edit that others cannot see
	stirred map[tables.CascadeID]bool // the cascades of the present step's changes at their pages' titles
}

func (p *player) notef(format string, args ...any) {
	p.trace = append(p.trace, p.wiki.Now().Format("05 ")+fmt.Sprintf(format, args...))
}

func (p *player) fail(invariant string, faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	return &Failure{Invariant: invariant, Faults: faults, Trace: p.trace}
}

// emit takes what the wiki sends.
func (p *player) emit(e simwiki.Event) {
	c := e.Change
	line := fmt.Sprintf("%s %s: page %d %q rev %d", c.Meta.ID, c.Kind, c.Page.ID, c.Page.Title, c.Revision.ID)
	if c.Page.Link != nil {
		line += fmt.Sprintf(" leads to %q", c.Page.Link.Title)
	}
	if c.PriorPage != nil {
		line += fmt.Sprintf(" was %q", c.PriorPage.Title)
		p.moved[c.Meta.ID] = simwiki.Unprefixed(c.PriorPage.Namespace, c.PriorPage.Title)
	}
	p.notef("%s", line)
	leads := ""
	if c.Page.Link != nil {
		leads = c.Page.Link.Title
	}
	form, known := p.forms[c.Page.ID]
	p.turned[c.Meta.ID] = known && form != [2]string{leads, c.Revision.Model}
	p.forms[c.Page.ID] = [2]string{leads, c.Revision.Model}
	p.touched, p.lastChange = c.Page.ID, c.Meta.ID
	if p.stirred != nil {
		p.stirred[tables.NewCascadeID(c.Wiki, changedName(c).In(c.Wiki), c.Meta.ID)] = true
	}
	p.lie(e)
	p.thin(e)
	p.feed.Push(e)
}

func (p *player) play() error {
	for range 3 + p.tape.IntN(5) { // a few pages to begin with
		name := p.title()
		_, _ = p.wiki.Create(name, p.text(name))
	}
	if p.sc.Cold {
		if err := p.before(); err != nil {
			return err
		}
	}
	if err := p.rest(); err != nil {
		return err
	}
	p.wiki.Tick(1)
	for range p.sc.Steps {
		p.stepped, p.hidden, p.stirred = len(p.log), false, map[tables.CascadeID]bool{}
		if err := p.step(); err != nil {
			return err
		}
		if p.sc.Calm {
			if err := p.rest(); err != nil {
				return err
			}
		}
	}
	if err := p.rest(); err != nil {
		return err
	}
	if p.sc.Noise.Lost > 0 {
		return p.heal()
	}
	if p.sc.Cold {
		return p.fill()
	}
	return nil
}

// step does one thing at random: the wiki changes, an event arrives, a request is answered,
// a page is rendered that nobody asked for, the system or everything comes to rest.
func (p *player) step() error {
	if p.tape.IntN(4) == 0 || p.sc.Calm { // in one second nobody can tell what came first
		p.wiki.Tick(1 + p.tape.IntN(2))
	}
	switch n := p.tape.IntN(100); {
	case n < 40:
		return p.save()
	case n < 70:
		return p.deliver(1 + p.tape.IntN(6))
	case n < 83:
		if len(p.pending) > 0 {
			return p.answer(p.beside.IntN(len(p.pending)))
		}
	case n < 87:
		if ids := p.wiki.Living(); len(ids) > 0 {
			return p.render(ids[p.tape.IntN(len(ids))], nil)
		}
	case n < 89:
		return p.settle()
	case n < 92:
		switch p.tape.IntN(4) {
		case 0:
			return p.back()
		case 1:
			return p.miss()
		}
		return p.race()
	case n < 98:
		return p.rest()
	default:
		if p.sc.Restart != nil {
			p.notef("restart")
			return p.sc.Restart(p.ctx)
		}
	}
	return nil
}

// deliver sends up to n of the events that are held back.
func (p *player) deliver(n int) error {
	for range n {
		e, ok := p.feed.Next(p.beside)
		if !ok {
			return nil
		}
		if p.passes(e) || p.loses(e) {
			continue
		}
		p.comes(e)
		e = p.again(e)
		p.notef("  deliver %s", e.ID())
		p.log = append(p.log, e)
		if err := p.sys.Send(p.ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// render renders a page now; its event is held back.
func (p *player) render(id int64, cause *events.Cause) error {
	e, err := p.wiki.Render(id, cause)
	if err != nil {
		return err
	}
	r := e.Render
	var uses strings.Builder
	for _, l := range r.Links.Template {
		fmt.Fprintf(&uses, " %s@%d.%d", l.Title, l.PageID, l.RevID)
		if l.Scope == events.PageOnly {
			uses.WriteString("(page)")
		}
	}
	p.notef("  %s: page %d %q rev %d uses%s", r.Meta.ID, id, r.Page.Title, r.Revision.ID, &uses)
	p.lie(e)
	p.thin(e)
	p.started[id], p.shown[id], p.through[id] = r.Start.Unix(), r, p.wiki.Through(id)
	p.feed.Push(e)
	return nil
}

// answer lets the renderer act on one request: it may find that it has rendered the page since.
func (p *player) answer(i int) error {
	r := p.pending[i]
	p.pending = slices.Delete(p.pending, i, i+1)
	if _, alive := p.wiki.Output(r.PageID); !alive {
		return nil
	}
	if last := p.shown[r.PageID]; last != nil && p.unseen.renders[r.PageID] == last.Meta.ID {
		return p.render(r.PageID, nil) // it was rendered before the system began
	}
	if at, ok := p.started[r.PageID]; ok && p.clocks.agree && at > r.Stale+p.clocks.skew && at < p.wiki.Now().Unix()+lead && p.beside.IntN(2) == 0 {
		return nil
	}
	if last := p.shown[r.PageID]; r.Reason == tables.LinkSelf && r.Cascade.Kind.Revises() && r.Cascade.Rev != 0 && last != nil && last.Revision.ID >= r.Cascade.Rev &&
		p.beside.IntN(4) > 0 {
		return nil // it was rendered when it was saved
	}
	var cause *events.Cause
	if p.sc.Noise.Clocks != TrueClocks || p.beside.IntN(2) == 0 { // with times alone such a system might wait for ever
		cause = &events.Cause{CascadeID: string(r.Cascade.ID), Root: r.Cascade.Root.PageTitle}
	}
	return p.render(r.PageID, cause)
}

// settle lets the system come to rest and takes its new requests.
func (p *player) settle() error {
	if err := p.sys.Settle(p.ctx); err != nil {
		return err
	}
	requests := p.sys.Requests()
	for _, r := range requests[p.taken:] {
		p.notef("  request page %d %s depth %d: %s %q at %d, stale since %d s ago", r.PageID, r.Reason, r.Depth, r.Cascade.Kind, r.Cascade.Root.PageTitle, r.Cascade.DT%60, p.wiki.Now().Unix()-r.Stale)
	}
	if p.sc.Calm {
		if err := p.fail("blind", p.blind(requests[p.taken:])); err != nil {
			return err
		}
	}
	p.pending = append(p.pending, requests[p.taken:]...)
	p.taken = len(requests)
	return nil
}

// rest delivers everything, answers everything, and again, until nothing is left to do.
func (p *player) rest() error {
	for range p.sc.Rounds {
		if err := p.deliver(p.feed.Len() * 2); err != nil {
			return err
		}
		if err := p.settle(); err != nil {
			return err
		}
		quiet := p.feed.Len() == 0 && len(p.pending) == 0
		if quiet && p.sc.Noise.Lost > 0 && !p.healed {
			return nil
		}
		if quiet && p.sc.Again > 0 {
			if err := p.wait(p.sc.Again); err != nil {
				return err
			}
			if len(p.pending) > 0 {
				continue
			}
		}
		if quiet && (p.sc.Noise.Lost > 0 || p.sc.Cold) {
			if err := p.wait(time.Minute); err != nil {
				return err
			}
		}
		if p.feed.Len() == 0 && len(p.pending) == 0 {
			return p.fresh()
		}
		for len(p.pending) > 0 {
			if err := p.answer(0); err != nil {
				return err
			}
		}
	}
	return p.fail("quiet", []string{fmt.Sprintf("requests go on after %d rounds of answers", p.sc.Rounds)})
}

// wait lets time go by, and takes what the system asks for.
func (p *player) wait(by time.Duration) error {
	w, ok := p.sys.(Waiter)
	if !ok {
		return nil
	}
	if err := w.Wait(p.ctx, by); err != nil {
		return err
	}
	return p.settle()
}

// fresh looks for stale pages. If there are any, tables that are wrong may be why.
func (p *player) fresh() error {
	err := p.fail("fresh", p.stale())
	var f, tables *Failure
	if errors.As(err, &f) && errors.As(p.derived(), &tables) {
		f.Faults = append(f.Faults, tables.Faults...)
	}
	return err
}

func (p *player) check() error {
	if !p.sc.AtLeastOnce && !p.sc.Coalesced {
		if err := p.fail("once", Once(p.sys.Requests())); err != nil {
			return err
		}
	}
	if err := p.wait(p.patience()); err != nil {
		return err
	}
	if err := p.fail("ended", Ended(p.sys.Requests(), p.sys.Cascades(), p.sc.AtLeastOnce, p.sc.Noise.Lost > 0 || p.sc.Cold)); err != nil {
		return err
	}
	if err := p.derived(); err != nil {
		return err
	}
	return p.replay()
}

func (p *player) derived() error {
	reading := Reading{Skew: p.sc.Noise.Skew}
	if p.sc.Noise.Future > 0 || p.sc.Noise.Clocks != TrueClocks {
		reading.Latest = p.wiki.Now().Add(lead * time.Second)
	}
	want, err := reading.Batch(tables.AnyWiki(), p.events())
	if err != nil {
		return err
	}
	got, err := p.sys.Derived()
	if err != nil {
		return err
	}
	if !reading.Latest.IsZero() {
		want, got = want.Untimed(), got.Untimed()
	}
	return p.fail("derived", want.Diff(got, 20))
}

// replay sends the whole log once more: nothing may be asked for, nothing may change.
func (p *player) replay() error {
	for _, e := range p.log {
		if err := p.sys.Send(p.ctx, e); err != nil {
			return err
		}
	}
	if err := p.sys.Settle(p.ctx); err != nil {
		return err
	}
	var faults []string
	for _, r := range p.sys.Requests()[p.taken:] {
		faults = append(faults, fmt.Sprintf("the replay asks for page %d (%s) by cascade %s of %q", r.PageID, r.Reason, r.Cascade.ID, r.Cascade.Root.PageTitle))
	}
	if err := p.fail("replay", faults); err != nil {
		return err
	}
	return p.derived()
}

func (p *player) events() iter.Seq[simwiki.Event] { return slices.Values(p.log) }
