package tables

import "slices"

// Reach is how a cascade came to a target, and so whom it has to ask there: doc/MEDIAWIKI.md says which redirects
// MediaWiki follows. A smaller one reaches further.
type Reach uint8

// The reaches. Beyond the title that changed, whoever lists templates of any depth has links to that title as well, and is
// asked there; only those are left who list what their own text names.
const (
	ReachAll      Reach = iota // the change is of the target itself: all who link to it
	ReachDirect                // it came through a page that includes: all who list only what their own text names
	ReachRedirect              // it came by one redirect: likewise
	ReachTwice                 // it came by two
	numReaches
)

// NamespaceFile is the namespace of files.
const NamespaceFile = 6

// Redirected are the links whose users feel a change through a redirect. Links to pages show whether there is a redirect and
// not where it leads; categories and questions whether there is a page do not follow it.
const Redirected = LinkTypes(1<<LinkTemplate | 1<<LinkImage)

// ContentTypes are the links that feel new content of a page, by the kind of the change. One that is cut changed nothing of what
// others include; a file may be another all the same.
func ContentTypes(kind ChangeKind, cut bool) LinkTypes {
	var types LinkTypes
	if kind == ChangeFile {
		types = types.With(LinkImage)
	}
	if !cut {
		types = types.With(LinkTemplate)
	}
	return types
}

// Onward is a title on which a walk goes on from a hub.
type Onward struct {
	Hub
	Types LinkTypes
	Reach Reach
}

// Deeper says whether the walk is one hop further there. A redirect is none.
func (o Onward) Deeper() bool { return o.Hub.Type == LinkTemplate }

// Onward is how a walk of these types, which came to a target at the reach given, goes on through one of its hubs. False: it
// ends there. Of templates MediaWiki follows two redirects in a row, of files one, and that from file to file.
func (h Hub) Onward(at Target, types LinkTypes, reach Reach) (Onward, bool) {
	on := Onward{Hub: h}
	switch {
	case h.Type == LinkTemplate:
		on.Types, on.Reach = types&(1<<LinkTemplate), ReachDirect
	case h.Type == LinkRedirect && reach <= ReachDirect:
		on.Types, on.Reach = types&Redirected, ReachRedirect
		if at.Namespace != NamespaceFile || h.Name.Namespace != NamespaceFile {
			on.Types = on.Types.Without(LinkImage)
		}
	case h.Type == LinkRedirect && reach == ReachRedirect:
		on.Types, on.Reach = types&(1<<LinkTemplate), ReachTwice
	}
	return on, on.Types != 0
}

// Step is what a walk does at one target, or at a chunk of its users.
type Step struct {
	// Pages are those to ask for, each once by its strongest link. The sets are those of the row, or parts of them.
	Pages [NumLinkTypes]IDSet
	// Frontier is where the walk goes on.
	Frontier []Onward
}

// Walk is the one rule of who feels a change, for cascades and for plans: it says whom a walk asks for that came to the target
// with these types at this reach, and where it goes on. Pages in except are passed over: their titles have cascades of their own.
func (e *Edges) Walk(at Target, types LinkTypes, reach Reach, except IDSet) (s Step) {
	taken := []IDSet{except}
	for t := range types.Without(LinkRedirect).Each() {
		set := e.Users(t)
		if reach > ReachAll {
			set = e.DirectUsers(t)
		}
		if len(taken) > 1 || len(except) > 0 {
			set = slices.DeleteFunc(slices.Clone(set), func(id int64) bool {
				return slices.ContainsFunc(taken, func(s IDSet) bool { return s.Has(id) })
			})
		}
		if len(set) > 0 {
			s.Pages[t] = set
			taken = append(taken, set)
		}
	}
	for i, h := range e.Hubs {
		if except.Has(h.Page) {
			continue
		}
		if slices.ContainsFunc(e.Hubs[:i], func(o Hub) bool { return o.Name == h.Name && o.Type == h.Type }) {
			continue // two pages with one title, for as long as its claims are on their way
		}
		if reach > ReachAll && h.Type == LinkTemplate && !e.DirectUsers(LinkTemplate).Has(h.Page) {
			continue // what it shows of the title that changed, its own list has, and it is a hub there
		}
		if on, ok := h.Onward(at, types, reach); ok {
			s.Frontier = append(s.Frontier, on)
		}
	}
	return s
}
