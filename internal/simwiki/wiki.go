package simwiki

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// The errors of a [Wiki]'s operations, to be checked with [errors.Is]. An operation that ends
// with one has changed nothing.
var (
	ErrTaken  = errors.New("the title has a page")
	ErrNoPage = errors.New("there is no such page")
)

// Options says what wiki [NewWiki] makes.
type Options struct {
	// Name is the wiki's. Defaults to "simwiki".
	Name string
	// Listing is what its render events list. Defaults to [Complete].
	Listing Listing
	// Start is the time of its first second. Defaults to the beginning of 2026, UTC.
	Start time.Time
	// PageStep is the distance between the ids of pages made one after the other. Defaults to 1.
	PageStep int64
	// Emit is called with each page change, within the operation that makes it. Required.
	Emit func(Event)
}

// Listing is which of the links that a rendering used its event lists.
type Listing uint8

const (
	// Complete lists every link of all that is shown: MediaWiki.
	Complete Listing = iota
	// Direct lists the templates that the page's own text names, of the other links all that are shown.
	Direct
	// Own lists nothing but what the page's own text names.
	Own
	// Mixed is Complete for every other page, and Direct for those between.
	Mixed
)

var listings = [...]string{"complete", "direct", "own", "mixed"}

func (l Listing) String() string { return listings[l] }

// listing is what the render events of a page list.
func (w *Wiki) listing(page int64) Listing {
	switch {
	case w.opt.Listing != Mixed:
		return w.opt.Listing
	case page/w.opt.PageStep%2 == 0:
		return Complete
	}
	return Direct
}

// Wiki is a wiki that lives. It is not safe for concurrent use.
type Wiki struct {
	opt      Options
	now      time.Time
	pages    map[int64]*page
	titles   map[tables.Name]*page // of living pages
	lastPage int64
	lastRev  int64
	sent     int64
}

// page is a page, living or deleted.
type page struct {
	id      int64
	name    tables.Name
	live    bool
	rev     int64
	revTime time.Time
	text    Text
	version int64 // of the file, if it is one
}

// NewWiki returns a wiki without pages.
func NewWiki(opt Options) *Wiki {
	if opt.Name == "" {
		opt.Name = "simwiki"
	}
	if opt.Start.IsZero() {
		opt.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if opt.PageStep == 0 {
		opt.PageStep = 1
	}
	return &Wiki{opt: opt, now: opt.Start, pages: map[int64]*page{}, titles: map[tables.Name]*page{}}
}

// Name returns the wiki's name.
func (w *Wiki) Name() string { return w.opt.Name }

// Now returns the wiki's time: whole seconds.
func (w *Wiki) Now() time.Time { return w.now }

// Tick lets seconds pass. Whatever happens between two ticks has the same time.
func (w *Wiki) Tick(seconds int) { w.now = w.now.Add(time.Duration(seconds) * time.Second) }

// Create makes a page and returns its id.
func (w *Wiki) Create(name tables.Name, text Text) (int64, error) {
	if w.titles[name] != nil {
		return 0, fmt.Errorf("creating %q: %w", Prefixed(name), ErrTaken)
	}
	p := w.create(name, text)
	w.send(events.Create, p, nil, nil)
	return p.id, nil
}

func (w *Wiki) create(name tables.Name, text Text) *page {
	w.lastPage += w.opt.PageStep
	p := &page{id: w.lastPage, name: name, live: true, text: text}
	w.pages[p.id] = p
	w.titles[name] = p
	w.revise(p)
	return p
}

// Edit gives a page new text: a redirect is set, retargeted or removed by it too.
func (w *Wiki) Edit(id int64, text Text) error {
	p, err := w.living(id)
	if err != nil {
		return fmt.Errorf("editing: %w", err)
	}
	p.text = text
	w.revise(p)
	w.send(events.Edit, p, nil, nil)
	return nil
}

// Upload gives a file a new version: its page has a new revision with the same text.
func (w *Wiki) Upload(id int64) error {
	p, err := w.living(id)
	if err != nil {
		return fmt.Errorf("uploading: %w", err)
	}
	p.version++
	w.revise(p)
	w.send(events.Edit, p, nil, nil)
	return nil
}

// Hide changes who may see a page's revision; nothing that is shown changes.
func (w *Wiki) Hide(id int64) error {
	p, err := w.living(id)
	if err != nil {
		return fmt.Errorf("hiding: %w", err)
	}
	w.send(events.VisibilityChange, p, nil, nil)
	return nil
}

// Move gives a page another title. A redirect at that title is deleted; redirect says whether
// one is left at the old title.
func (w *Wiki) Move(id int64, to tables.Name, redirect bool) error {
	p, err := w.living(id)
	if err != nil {
		return fmt.Errorf("moving: %w", err)
	}
	if q := w.titles[to]; q != nil {
		if q == p || q.text.Redirect == nil {
			return fmt.Errorf("moving to %q: %w", Prefixed(to), ErrTaken)
		}
		w.remove(q)
	}
	from := p.name
	delete(w.titles, from)
	p.name = to
	w.titles[to] = p
	w.revise(p)
	var left *page
	if redirect {
		left = w.create(from, Text{Redirect: &to})
	}
	w.send(events.Move, p, &from, left)
	if left != nil {
		w.send(events.Create, left, nil, nil)
	}
	return nil
}

// Delete makes a page go.
func (w *Wiki) Delete(id int64) error {
	p, err := w.living(id)
	if err != nil {
		return fmt.Errorf("deleting: %w", err)
	}
	w.remove(p)
	return nil
}

func (w *Wiki) remove(p *page) {
	p.live = false
	delete(w.titles, p.name)
	w.send(events.Delete, p, nil, nil)
}

// Undelete brings a deleted page back, under its title, in its last revision.
func (w *Wiki) Undelete(id int64) error {
	p := w.pages[id]
	if p == nil || p.live {
		return fmt.Errorf("undeleting page %d: %w", id, ErrNoPage)
	}
	if w.titles[p.name] != nil {
		return fmt.Errorf("undeleting %q: %w", Prefixed(p.name), ErrTaken)
	}
	p.live = true
	w.titles[p.name] = p
	w.send(events.Undelete, p, nil, nil)
	return nil
}

func (w *Wiki) living(id int64) (*page, error) {
	p := w.pages[id]
	if p == nil || !p.live {
		return nil, fmt.Errorf("page %d: %w", id, ErrNoPage)
	}
	return p, nil
}

func (w *Wiki) revise(p *page) {
	w.lastRev++
	p.rev, p.revTime = w.lastRev, w.now
}

// send emits the page change of what has just been done.
func (w *Wiki) send(kind events.ChangeKind, p *page, from *tables.Name, left *page) {
	e := &events.PageChange{
		Meta: w.meta("change"), Wiki: w.opt.Name, Time: w.now, Kind: kind, Page: identity(p),
		Revision: events.Revision{ID: p.rev, Time: p.revTime, SHA1: p.text.content(), ContentSHA1: p.text.content(), Model: cmp.Or(p.text.Model, "wikitext")},
	}
	if from != nil {
		e.PriorPage = &events.PriorPage{ID: p.id, Namespace: from.Namespace, Title: Prefixed(*from)}
	}
	if left != nil {
		redirect := identity(left)
		e.CreatedRedirect = &redirect
	}
	w.opt.Emit(Event{Change: e})
}

func (w *Wiki) meta(kind string) events.Meta {
	w.sent++
	return events.Meta{ID: fmt.Sprintf("%s-%d", kind, w.sent), Domain: "sim.example.org"}
}

func identity(p *page) events.Page {
	e := events.Page{ID: p.id, Namespace: p.name.Namespace, Title: Prefixed(p.name)}
	if t := p.text.Redirect; t != nil {
		e.Redirect = true
		e.Link = &events.RedirectLink{Namespace: t.Namespace, Title: Prefixed(*t)}
	}
	return e
}
