package dependents

import (
	"cmp"
	"slices"

	"github.com/eddystream/eddy/tables"
)

// Plan is what an edit of a title would ask to be rendered again, the edited page itself left out.
type Plan struct {
	Root tables.Title
	// Pages are in the order of depth, wiki and id.
	Pages []Planned
	// Depths counts the pages by depth; those at depth 1 are at index 0.
	Depths []int
}

// Planned is one page of a plan.
type Planned struct {
	Page   tables.PageKey
	Depth  int
	Reason tables.LinkType // the strongest at that depth
}

// Compare is the order of a plan's pages.
func (p Planned) Compare(o Planned) int {
	return cmp.Or(cmp.Compare(p.Depth, o.Depth), cmp.Compare(p.Page.Wiki, o.Page.Wiki), cmp.Compare(p.Page.ID, o.Page.ID))
}

const fileNamespace = 6

// carried are the types by which an edit is felt beyond the title itself.
var carried = tables.NewLinkTypes(tables.LinkTemplate, tables.LinkImage)

// PlanEdit walks the reverse index as an edit of root would, without the early cutoff: each row once, each page at
// its least depth. It reads only.
func PlanEdit(rows Rows, root tables.Title) (*Plan, error) {
	types := tables.NewLinkTypes(tables.LinkTemplate)
	if root.Namespace == fileNamespace {
		types = carried
	}
	w := walk{rows: rows, reached: map[tables.PageKey]Planned{}, walked: map[tables.Target]tables.LinkTypes{}}
	level := []step{{tables.TitleTarget(root), types}}
	for depth := 1; len(level) > 0; depth++ {
		next := []step{}
		// The level grows by the redirects that lead to its titles.
		for i := 0; i < len(level); i++ {
			same, deeper, err := w.visit(level[i], depth)
			if err != nil {
				return nil, err
			}
			level, next = append(level, same...), append(next, deeper...)
		}
		level = next
	}
	return w.plan(root), nil
}

// step is a row to walk and the types of links to follow there.
type step struct {
	target tables.Target
	types  tables.LinkTypes
}

type walk struct {
	rows    Rows
	reached map[tables.PageKey]Planned
	walked  map[tables.Target]tables.LinkTypes
}

// visit takes the pages of a row. It returns the rows of titles that redirect there, which are of the same depth, and
// of those through which the change goes on.
func (w *walk) visit(s step, depth int) (same, deeper []step, err error) {
	todo := s.types &^ w.walked[s.target]
	if todo == 0 {
		return nil, nil, nil
	}
	w.walked[s.target] |= todo
	uses, ok, err := Load(w.rows, s.target)
	if err != nil || !ok {
		return nil, nil, err
	}
	for i := range uses.Sources {
		from := &uses.Sources[i]
		for t := range todo.Each() {
			for _, id := range from.Edges.Sets[t] {
				w.reach(tables.PageKey{Wiki: from.Wiki, ID: int64(id)}, depth, t)
			}
		}
		for _, hub := range from.Edges.Hubs {
			title := tables.TitleTarget(hub.Name.In(from.Wiki))
			switch {
			case hub.Type == tables.LinkRedirect && todo&carried != 0:
				same = append(same, step{title, todo & carried})
			case hub.Type == tables.LinkTemplate && todo.Has(tables.LinkTemplate):
				deeper = append(deeper, step{title, tables.NewLinkTypes(tables.LinkTemplate)})
			}
		}
	}
	return same, deeper, nil
}

func (w *walk) reach(page tables.PageKey, depth int, reason tables.LinkType) {
	old, ok := w.reached[page]
	if !ok || depth == old.Depth && reason < old.Reason {
		w.reached[page] = Planned{page, depth, reason}
	}
}

func (w *walk) plan(root tables.Title) *Plan {
	p := &Plan{Root: root, Pages: make([]Planned, 0, len(w.reached))}
	for _, page := range w.reached {
		p.Pages = append(p.Pages, page)
	}
	slices.SortFunc(p.Pages, Planned.Compare)
	for _, page := range p.Pages {
		for len(p.Depths) < page.Depth {
			p.Depths = append(p.Depths, 0)
		}
		p.Depths[page.Depth-1]++
	}
	return p
}
