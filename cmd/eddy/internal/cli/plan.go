package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/topology"
)

// planDocument is what eddy plan prints as JSON.
type planDocument struct {
	Root   string        `json:"root"`
	Count  int           `json:"count"`
	Depths []int         `json:"depths"` // pages by depth, from 1
	Pages  []plannedPage `json:"pages"`  // the first
}

type plannedPage struct {
	WikiID string          `json:"wiki_id"`
	PageID int64           `json:"page_id"`
	Depth  int             `json:"depth"`
	Reason tables.LinkType `json:"reason"`
}

func newPlan(w world) *cobra.Command {
	r := &reader{w: w}
	var limit int
	cmd := &cobra.Command{
		Use:   "plan TITLE",
		Short: "What an edit of a title would render again; nothing is asked for",
		Long: `Plan walks the reverse index as an edit of the title would, and prints how many pages
would be asked for, by depth, and the first of them. It emits nothing. The edited
page itself is not counted unless it uses itself, and no early cutoff is foreseen.`,
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
			return within(cmd.Context(), r, tables.Dependents, func(v *topology.View[tables.Target, *tables.DependentsRow]) error {
				plan, err := dependents.PlanEdit(v, root)
				if err != nil {
					return err
				}
				d := planOf(plan, limit)
				return show(r, d, func(out io.Writer) { planText(d, out) })
			})
		},
	}
	r.bind(cmd)
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "`number` of pages listed; -1: all")
	return cmd
}

func planOf(plan *dependents.Plan, limit int) planDocument {
	d := planDocument{Root: plan.Root.String(), Count: len(plan.Pages), Depths: plan.Depths, Pages: []plannedPage{}}
	for _, p := range plan.Pages {
		if len(d.Pages) == limit {
			break
		}
		d.Pages = append(d.Pages, plannedPage{WikiID: p.Page.Wiki, PageID: p.Page.ID, Depth: p.Depth, Reason: p.Reason})
	}
	return d
}

func planText(d planDocument, w io.Writer) {
	fieldf(w, "root", "%s", d.Root)
	fieldf(w, "pages", "%d", d.Count)
	for i, n := range d.Depths {
		fieldf(w, fmt.Sprintf("depth %d", i+1), "%d", n)
	}
	for _, p := range d.Pages {
		fieldf(w, fmt.Sprintf("%s:%d", p.WikiID, p.PageID), "depth %d, %s", p.Depth, p.Reason)
	}
	if rest := d.Count - len(d.Pages); rest > 0 {
		fieldf(w, "…", "%d more", rest)
	}
}
