package oracle

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/eddystream/eddy/tables"
)

// Derived is what the log determines, whatever its order between pages: a line of text for each
// row, by the row's key. Two are equal when their maps are.
type Derived struct {
	Pages  map[string]string // identity
	Titles map[string]string // open claims with the holder last, then past claims
	Links  map[string]string // targets by type, of pages that have any
	// Dependents holds, by target, the pages by type; not how they are laid out in chunks.
	Dependents map[string]string
}

// Diff returns what differs, a line each, at most limit lines; nil: nothing does. Lines begin
// with the name of the table; "-" is what d has, "+" what o has.
func (d *Derived) Diff(o *Derived, limit int) []string {
	var out []string
	for _, table := range []struct {
		name string
		a, b map[string]string
	}{{"pages", d.Pages, o.Pages}, {"titles", d.Titles, o.Titles}, {"links", d.Links, o.Links}, {"dependents", d.Dependents, o.Dependents}} {
		keys := map[string]bool{}
		for k := range table.a {
			keys[k] = true
		}
		for k := range table.b {
			keys[k] = true
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if table.a[k] != table.b[k] && len(out) < limit {
				out = append(out, fmt.Sprintf("%s %s\n  - %s\n  + %s", table.name, k, table.a[k], table.b[k]))
			}
		}
	}
	return out
}

// Untimed is d without the times of changes, for a log whose times are not all what the tables take for them.
func (d *Derived) Untimed() *Derived {
	out := *d
	out.Pages, out.Titles = map[string]string{}, map[string]string{}
	for key, line := range d.Pages {
		out.Pages[key] = times.ReplaceAllString(line, "")
	}
	for key, line := range d.Titles {
		claims := claim.FindAllString(times.ReplaceAllString(line, ""), -1)
		slices.Sort(claims)
		out.Titles[key] = strings.Join(slices.Compact(claims), " ")
	}
	return &out
}

var (
	times = regexp.MustCompile(` (dt|from|to) [0-9]+`)
	claim = regexp.MustCompile(`(open|past)\([^)]*\)`)
)

func pageLine(name tables.Name, dt, rev int64, live bool, redirect *tables.Name) string {
	return fmt.Sprintf("%d:%s dt %d rev %d live %t%s", name.Namespace, name.DBKey, dt, rev, live, leads(redirect))
}

func leads(redirect *tables.Name) string {
	if redirect == nil {
		return ""
	}
	return fmt.Sprintf(" leads to %d:%s", redirect.Namespace, redirect.DBKey)
}

func titleLine(row *tables.TitleRow) string {
	var b strings.Builder
	for _, c := range row.Open {
		fmt.Fprintf(&b, "open(page %d dt %d rev %d from %d%s) ", c.Page, c.DT, c.Rev, c.From, leads(c.Redirect))
	}
	for i, s := range row.Past {
		if i > 0 && s.Page == row.Past[i-1].Page && s.From == row.Past[i-1].From && s.To == row.Past[i-1].To {
			continue // taken, left and taken again within a second
		}
		fmt.Fprintf(&b, "past(page %d from %d to %d) ", s.Page, s.From, s.To)
	}
	return strings.TrimSpace(b.String())
}

// linkSet is a page's links: type and target.
type linkSet map[typedTarget]bool

type typedTarget struct {
	kind   tables.LinkType
	target string
}

func (s linkSet) line() string {
	all := slices.SortedFunc(maps.Keys(s), func(a, b typedTarget) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.target, b.target))
	})
	words := make([]string, len(all))
	for i, l := range all {
		words[i] = l.kind.String() + " " + l.target
	}
	return strings.Join(words, ", ")
}

// dependents collects the edges by target.
type dependents map[string]map[typedPage]bool

type typedPage struct {
	kind tables.LinkType
	page tables.PageKey
}

func (d dependents) set(target string, kind tables.LinkType, page tables.PageKey, present bool) {
	if !present {
		delete(d[target], typedPage{kind, page})
		return
	}
	if d[target] == nil {
		d[target] = map[typedPage]bool{}
	}
	d[target][typedPage{kind, page}] = true
}

func (d dependents) lines() map[string]string {
	out := map[string]string{}
	for target, pages := range d {
		all := slices.SortedFunc(maps.Keys(pages), func(a, b typedPage) int {
			return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.page.Wiki, b.page.Wiki), cmp.Compare(a.page.ID, b.page.ID))
		})
		words := make([]string, len(all))
		for i, p := range all {
			words[i] = p.kind.String() + " " + p.page.String()
		}
		if len(words) > 0 {
			out[target] = strings.Join(words, ", ")
		}
	}
	return out
}
