package compare

import "maps"

// wikiState is what the log says at one of its positions: who links where, and what the last
// render of each page showed.
type wikiState struct {
	revision map[int64]int64 // of a page's last change
	shown    map[int64]shown
	rendered map[int64]int // position of a page's last render
	links    map[int64]map[name]linkKind
	pending  map[int64]bool      // asked for by an earlier cascade and not rendered since
	found    map[edge][]sighting // when an edge was found that the render before did not have
	removed  map[edge]int        // position at which an edge went last
}

type shown struct {
	revision     int64
	transclusion string
}

type edge struct {
	page   int64
	target name
}

// sighting is one finding of a new edge.
type sighting struct {
	position int
	dt       string
	revision bool // the edge came with the revision that was used
}

type linkKind uint8

const (
	byTemplate linkKind = 1 << iota
	byImage
)

func newWikiState() *wikiState {
	return &wikiState{
		revision: map[int64]int64{}, shown: map[int64]shown{}, rendered: map[int64]int{}, links: map[int64]map[name]linkKind{},
		pending: map[int64]bool{}, found: map[edge][]sighting{}, removed: map[edge]int{},
	}
}

// apply brings the state past the event at a position of the log.
func (s *wikiState) apply(position int, e Event) {
	id := e.Page.PageID
	if e.Change != "" {
		s.revision[id] = e.Revision.RevID
		if e.Change == "delete" {
			s.setLinks(position, e, nil)
			delete(s.shown, id)
			delete(s.rendered, id)
			delete(s.pending, id)
		}
		return
	}
	delete(s.pending, id)
	s.rendered[id] = position
	s.shown[id] = shown{e.Revision.RevID, e.Transclusion}
	links := map[name]linkKind{}
	revised := map[name]bool{}
	for _, l := range e.Links.Template {
		links[l.name()] |= byTemplate
		revised[l.name()] = l.RevID != 0
	}
	for _, l := range e.Links.Image {
		links[l.name()] |= byImage
	}
	for target := range links {
		if s.links[id][target] == 0 {
			at := edge{id, target}
			s.found[at] = append(s.found[at], sighting{position, e.DT, revised[target]})
		}
	}
	s.setLinks(position, e, links)
}

func (s *wikiState) setLinks(position int, e Event, links map[name]linkKind) {
	for target := range s.links[e.Page.PageID] {
		if links[target] == 0 {
			s.removed[edge{e.Page.PageID, target}] = position
		}
	}
	s.links[e.Page.PageID] = links
}

// cutoff is one content change as the early cutoff sees it.
type cutoff struct {
	spares    bool // others see the same text as before
	namespace int
	root      name
}

// cutoffOf judges an operation whose own renders begin at end and finish before settled; the
// state is that before the operation.
func (s *wikiState) cutoffOf(log []Event, op operation) cutoff {
	e := log[op.main]
	c := cutoff{namespace: e.Page.NamespaceID, root: e.Page.name()}
	if e.Change != "edit" || len(op.changes) > 1 {
		return c
	}
	before, ok := s.shown[e.Page.PageID]
	if !ok || before.revision != s.revision[e.Page.PageID] || before.transclusion == "" {
		return c
	}
	for _, r := range log[op.end:] {
		if r.Change == "" && r.Page.PageID == e.Page.PageID {
			c.spares = r.Revision.RevID == e.Revision.RevID && r.Transclusion == before.transclusion
			break
		}
		if r.Change != "" && r.Page.PageID == e.Page.PageID {
			break // changed again before anybody rendered it
		}
	}
	return c
}

// sparesPage says whether the cutoff lets this page off: a new file version leaves the file
// page's text alone, so image links are never spared.
func (c cutoff) sparesPage(links map[name]linkKind) bool {
	return c.spares && !(c.namespace == 6 && links[c.root]&byImage != 0)
}

// sameInputs says whether the page's next render, at or after a position, used exactly what its
// last one did, but for the root's revision: the same templates in the same revisions, the same
// pages behind the same links. If its output differs all the same, it shows something that no
// event names, such as the number of articles.
func (s *wikiState) sameInputs(log []Event, from int, page int64, root name) bool {
	before, ok := s.rendered[page]
	if !ok {
		return false
	}
	for _, e := range log[from:] {
		if e.Change != "" || e.Page.PageID != page {
			continue
		}
		return e.Revision == log[before].Revision && maps.Equal(inputs(e, root), inputs(log[before], root))
	}
	return false
}

// input is one link of a render, with what was behind it.
type input struct {
	kind string
	link EventLink
}

func inputs(e Event, root name) map[input]bool {
	all := map[input]bool{}
	for kind, links := range map[string][]EventLink{
		"template": e.Links.Template, "image": e.Links.Image, "page": e.Links.Page,
		"existence": e.Links.Existence, "category": e.Links.Category,
	} {
		for _, l := range links {
			if l.name() == root {
				l.RevID = 0
			}
			all[input{kind, l}] = true
		}
	}
	return all
}
