package cli

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/topology"
)

// planDocument is what eddy plan prints as JSON.
type planDocument struct {
	Root   string        `json:"root"`
	Count  int           `json:"count"`
	Depths []int         `json:"depths"`         // pages by depth, from 1
	Pages  []plannedPage `json:"pages"`          // a part
	Next   string        `json:"next,omitempty"` // cursor; absent: that is all
}

type plannedPage struct {
	WikiID    string          `json:"wiki_id"`
	PageID    int64           `json:"page_id"`
	PageTitle string          `json:"page_title,omitempty"`
	Depth     int             `json:"depth"`
	Reason    tables.LinkType `json:"reason"`
}

func newPlan(w world) *cobra.Command {
	r := &reader{w: w}
	l := &limit{}
	cmd := &cobra.Command{
		Use:   "plan TITLE",
		Short: "What an edit of a title would render again; nothing is asked for",
		Long: `Plan walks the reverse index as an edit of the title would, and prints how many pages
would be asked for, by depth, and the first of them. It emits nothing. The edited
page itself is not counted unless it uses itself, and no early cutoff is foreseen. The
cursor of a list is depth and page of the last one, as in 2/enwiki:736; with --json it
stands in "next".`,
		Example: `  eddy plan --wiki enwiki "Template:Infobox person"
  eddy plan enwiki:10:Infobox_person --json --limit 1000`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			root, err := r.title(args[0])
			if err != nil {
				return err
			}
			if err := l.check(); err != nil {
				return err
			}
			after, err := readPlanned(l.after)
			if err != nil {
				return err
			}
			return within(cmd.Context(), r, tables.Dependents, func(v *topology.View[tables.Target, *tables.DependentsRow]) error {
				if _, known, err := v.Get(tables.TitleTarget(root)); err != nil || !known {
					return cmp.Or(err, coded(exitNotFound, fmt.Errorf("nobody ever used %q", root)))
				}
				plan, err := dependents.PlanEdit(v, root)
				if err != nil {
					return err
				}
				d := planOf(plan, l, after)
				if err := r.withTitles(cmd.Context(), d.name); err != nil {
					return err
				}
				return show(r, d, func(out io.Writer) { planText(d, out) })
			})
		},
	}
	r.bind(cmd)
	r.bindIDs(cmd)
	l.bind(cmd, "pages", 20)
	return cmd
}

// readPlanned reads a cursor; nil is none.
func readPlanned(after string) (*dependents.Planned, error) {
	if after == "" {
		return nil, nil
	}
	depth, page, _ := strings.Cut(after, "/")
	n, err := strconv.Atoi(depth)
	key, e := tables.ParsePageKey(page)
	if err != nil || e != nil {
		return nil, usageError(fmt.Errorf("after: %q is no depth and page, as in 2/enwiki:736", after))
	}
	return &dependents.Planned{Page: key, Depth: n}, nil
}

func planOf(plan *dependents.Plan, l *limit, after *dependents.Planned) *planDocument {
	d := &planDocument{Root: plan.Root.String(), Count: len(plan.Pages), Depths: plan.Depths, Pages: []plannedPage{}}
	for _, p := range plan.Pages {
		if after != nil && p.Compare(*after) <= 0 {
			continue
		}
		if l.full(len(d.Pages)) {
			last := d.Pages[len(d.Pages)-1]
			d.Next = fmt.Sprintf("%d/%s:%d", last.Depth, last.WikiID, last.PageID)
			break
		}
		d.Pages = append(d.Pages, plannedPage{WikiID: p.Page.Wiki, PageID: p.Page.ID, Depth: p.Depth, Reason: p.Reason})
	}
	return d
}

// name adds the titles.
func (d *planDocument) name(title titler) (err error) {
	for i := range d.Pages {
		p := &d.Pages[i]
		if p.PageTitle, err = title(tables.PageKey{Wiki: p.WikiID, ID: p.PageID}); err != nil {
			return err
		}
	}
	return nil
}

func planText(d *planDocument, w io.Writer) {
	fieldf(w, "root", "%s", d.Root)
	fieldf(w, "pages", "%d", d.Count)
	for i, n := range d.Depths {
		fieldf(w, fmt.Sprintf("depth %d", i+1), "%d", n)
	}
	for _, p := range d.Pages {
		fieldf(w, fmt.Sprintf("%s:%d", p.WikiID, p.PageID), "depth %d, %s\t%s", p.Depth, p.Reason, p.PageTitle)
	}
	if d.Next != "" {
		fieldf(w, "…", "more: --after %q", d.Next)
	}
}
