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

// PlanEdit walks the reverse index as an edit of root would, by the same rule ([tables.Edges.Walk]), without the early cutoff: each
// page at its least depth. It reads only.
func PlanEdit(rows Rows, root tables.Title) (*Plan, error) {
	kind := tables.ChangeContent
	if root.Namespace == tables.NamespaceFile {
		kind = tables.ChangeFile
	}
	w := walk{rows: rows, reached: map[tables.PageKey]Planned{}, walked: map[tables.Target]*tables.Visit{}}
	level := []step{{tables.TitleTarget(root), tables.ContentTypes(kind, false), tables.ReachAll}}
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

// step is a row to walk, the types of links to follow there, and how the walk came.
type step struct {
	target tables.Target
	types  tables.LinkTypes
	reach  tables.Reach
}

type walk struct {
	rows    Rows
	reached map[tables.PageKey]Planned
	walked  map[tables.Target]*tables.Visit
}

// visit takes the pages of a row. It returns the rows of titles that redirect there, which are of the same depth, and
// of those through which the change goes on.
func (w *walk) visit(s step, depth int) (same, deeper []step, err error) {
	if w.walked[s.target] == nil {
		w.walked[s.target] = &tables.Visit{}
	}
	todo := w.walked[s.target].Walk(s.types, s.reach)
	if todo == 0 {
		return nil, nil, nil
	}
	uses, ok, err := Load(w.rows, s.target)
	if err != nil || !ok {
		return nil, nil, err
	}
	for i := range uses.Sources {
		from := &uses.Sources[i]
		found := from.Edges.Walk(s.target, todo, s.reach, nil)
		for t, set := range found.Pages {
			for _, id := range set {
				w.reach(tables.PageKey{Wiki: from.Wiki, ID: id}, depth, tables.LinkType(t))
			}
		}
		for _, on := range found.Frontier {
			next := step{tables.TitleTarget(on.Name.In(from.Wiki)), on.Types, on.Reach}
			if on.Deeper() {
				deeper = append(deeper, next)
			} else {
				same = append(same, next)
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
