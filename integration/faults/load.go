package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// The wiki of a load.
const (
	loadWiki  = "faultwiki"
	articles  = 400
	idStep    = 97 // between page ids: pages of a chunk of 256 share a partition, and these are to be spread
	perFlap   = 8  // links that come or go in a rendering, of each kind
	baseUses  = 3  // templates that an article always uses
	basePages = 4  // pages that an article always links to
)

// levels is how many templates there are of each level; those of a level include some of the next.
var levels = [...]int{30, 8, 2}

// Load makes the events of a small wiki whose articles are rendered again and again, each time with other links, and whose templates
// are edited meanwhile; and it knows what has to come of them. The same seed gives the same events, as long as the calls come in the
// same order. It is for one goroutine.
//
// Some links of an article never change, so it is known which pages each edit of a template has to ask for at least.
type Load struct {
	random    *rand.Rand
	templates []template
	articles  []article
	links     [][]int // template → templates that it includes
	edits     []Edit
	log       []simwiki.Event // also the clock: so many events share a second
	unedited  []int           // templates
}

type template struct {
	id   int64
	name tables.Name
	rev  int64 // the present one
}

type article struct {
	id        int64
	name      tables.Name
	templates []int // always used
	pages     []int // always linked
	used      []int // by the last rendering besides
	linked    []int
	rendered  int64 // when, in Unix seconds
}

// Edit is one edit of a template.
type Edit struct {
	Title   tables.Name
	Cascade tables.CascadeID
	At      int64 // Unix seconds
	// Pages have to be asked for, whatever comes first: those that always used the template, directly or through others.
	Pages map[int64]bool
	// Exact says that the edit came when all was at rest: no other page is to be asked for.
	Exact bool

	template int
}

// NewLoad draws the wiki of a seed.
func NewLoad(seed uint64) *Load {
	l := &Load{random: rand.New(rand.NewPCG(seed, 1))}
	next := 0 // the first template of the next level
	for level, n := range levels {
		next += n
		for i := range n {
			l.templates = append(l.templates, template{
				id: int64(1+len(l.templates)) * idStep, rev: 1,
				name: tables.Name{Namespace: simwiki.Template, DBKey: fmt.Sprintf("T%d-%d", level+1, i)},
			})
			var uses []int
			if level+1 < len(levels) {
				uses = l.draw(1+l.random.IntN(2), next, next+levels[level+1], nil)
			}
			l.links = append(l.links, uses)
		}
	}
	for i := range articles {
		l.articles = append(l.articles, article{
			id: int64(1+len(l.templates)+i) * idStep, name: tables.Name{DBKey: "A" + strconv.Itoa(i)},
			templates: l.draw(baseUses, 0, levels[0], nil), pages: l.draw(basePages, 0, articles, nil),
		})
	}
	l.unedited = l.random.Perm(len(l.templates))
	return l
}

// draw draws n different numbers from..to-1, none of those without.
func (l *Load) draw(n, from, to int, without []int) []int {
	var out []int
	for len(out) < n {
		x := from + l.random.IntN(to-from)
		if !slices.Contains(out, x) && !slices.Contains(without, x) {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return out
}

// Found returns the wiki's coming into being: each page is created, and rendered once.
func (l *Load) Found() []simwiki.Event {
	var out []simwiki.Event
	for i := range l.templates {
		out = append(out, l.changeTemplate(events.Create, i, l.now()), l.renderTemplate(i, l.now()))
	}
	for i := range l.articles {
		a := &l.articles[i]
		out = append(out, l.change(events.Create, a.id, a.name, 1, l.now()), l.render(a))
	}
	return out
}

// Flood returns n renderings of articles, each with other links than the one before, and before them the edit of a template that has
// not been edited yet, if there is one.
func (l *Load) Flood(n int) []simwiki.Event {
	var out []simwiki.Event
	if len(l.unedited) > 0 {
		out = l.edit(l.unedited[0], false)
		l.unedited = l.unedited[1:]
	}
	for range n {
		a := &l.articles[l.random.IntN(len(l.articles))]
		a.used = l.draw(l.random.IntN(perFlap), 0, levels[0], a.templates)
		for before := a.linked; slices.Equal(a.linked, before); {
			a.linked = l.draw(l.random.IntN(perFlap), 0, 2*articles, a.pages) // half of them lead nowhere
		}
		out = append(out, l.render(a))
	}
	return out
}

// EditAll returns an edit of each template of the first level, to be sent at rest: by then it is known exactly which pages have to be
// asked for.
func (l *Load) EditAll() []simwiki.Event {
	var out []simwiki.Event
	for t := range levels[0] {
		out = append(out, l.edit(t, true)...)
	}
	return out
}

// Log returns all events so far.
func (l *Load) Log() []simwiki.Event { return l.log }

// Edits returns all edits so far, in their order.
func (l *Load) Edits() []Edit { return l.edits }

// edit makes an edit and the rendering of the edited template.
func (l *Load) edit(t int, exact bool) []simwiki.Event {
	tpl := &l.templates[t]
	tpl.rev++
	at := l.now()
	change := l.changeTemplate(events.Edit, t, at)
	l.edits = append(l.edits, Edit{
		Title: tpl.name, At: at, Pages: l.users(t, exact), Exact: exact, template: t,
		Cascade: tables.NewCascadeID(loadWiki, tpl.name.In(loadWiki), change.Change.Meta.ID),
	})
	return []simwiki.Event{change, l.renderTemplate(t, at)}
}

// users returns the pages that use a template, at any depth: by the links that never change, or by the present ones.
func (l *Load) users(t int, present bool) map[int64]bool {
	reached := l.above(t)
	pages := map[int64]bool{}
	for i := range reached {
		if i != t {
			pages[l.templates[i].id] = true
		}
	}
	for i := range l.articles {
		a := &l.articles[i]
		uses := func(list []int) bool { return slices.ContainsFunc(list, func(u int) bool { return reached[u] }) }
		if uses(a.templates) || present && uses(a.used) {
			pages[a.id] = true
		}
	}
	return pages
}

// above returns a template and all that include it, at any depth.
func (l *Load) above(t int) map[int]bool {
	reached := map[int]bool{t: true}
	for grown := true; grown; {
		grown = false
		for i, uses := range l.links {
			if !reached[i] && slices.ContainsFunc(uses, func(u int) bool { return reached[u] }) {
				reached[i], grown = true, true
			}
		}
	}
	return reached
}

// Stale returns the articles whose last rendering is not newer than an edit of a template that it used, at any depth, with the time of
// the newest such edit: somebody must have asked for the page because of that one, or of a later one.
func (l *Load) Stale() map[int64]int64 {
	stale := map[int64]int64{}
	for _, e := range l.edits {
		users := l.users(e.template, true)
		for i := range l.articles {
			if a := &l.articles[i]; users[a.id] && a.rendered <= e.At {
				stale[a.id] = max(stale[a.id], e.At)
			}
		}
	}
	return stale
}
