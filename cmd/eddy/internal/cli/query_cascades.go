package cli

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
)

// cascadeFilter chooses cascades.
type cascadeFilter struct {
	open  bool
	phase string
	title string

	root *tables.Title // of title; nil: any
}

func (f *cascadeFilter) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.title, "title", "", "only those of a change of this `title`")
}

// read reads the title.
func (f *cascadeFilter) read(r *reader) error {
	phases := []tables.Phase{tables.PhaseStarted, tables.PhaseExpanded, tables.PhaseComplete, tables.PhaseSuperseded, tables.PhaseAbandoned}
	if f.phase != "" && !slices.Contains(phases, tables.Phase(f.phase)) {
		return usageError(fmt.Errorf("phase %q is none of %q", f.phase, phases))
	}
	if f.title == "" {
		return nil
	}
	t, err := r.title(f.title)
	f.root = &t
	return err
}

// of reports whether a cascade is of the wiki and the title.
func (f *cascadeFilter) of(r *reader, c *tables.Cascade) bool {
	return (r.wiki == "" || c.Wiki == r.wiki) && (f.root == nil || c.RootTitle() == *f.root)
}

func newQueryCascades(w world) *cobra.Command {
	r, l, f := &reader{w: w}, &limit{}, &cascadeFilter{}
	cmd := &cobra.Command{
		Use:   "cascades",
		Short: "List cascades: those that are open, of a title, or all",
		Long: `Cascades prints a line for each cascade, in the order of their ids: id, phase, kind of
the change, wiki, title that changed, time of the change, pages asked for, and pages
that are not rendered yet. The cursor of a list is the id in its last line.`,
		Example: `  eddy query cascades --brokers kafka:9092 --open
  eddy query cascades --brokers kafka:9092 --wiki enwiki --title "Template:Infobox person" --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			if err := f.read(r); err != nil {
				return err
			}
			return list(cmd.Context(), r, l, tables.Cascades, "", func(out *lines, id tables.CascadeID, row *tables.CascadeRow) (bool, error) {
				if string(id) <= l.after || !f.of(r, &row.Cascade) || f.open && row.Phase.Final() || f.phase != "" && string(row.Phase) != f.phase {
					return true, nil
				}
				c, err := r.writer().Cascade(row)
				if err != nil {
					return false, err
				}
				return out.add(string(id), &cascadeAnswer{c, row.Late}, string(id), string(c.Phase), string(c.Kind), c.WikiID, spell([]byte(c.Root.PageTitle)),
					c.DT, strconv.FormatInt(c.Asked, 10), strconv.FormatInt(c.Outstanding, 10))
			})
		},
	}
	r.bind(cmd)
	l.bind(cmd, "cascades", pageSize)
	f.bind(cmd)
	cmd.Flags().BoolVar(&f.open, "open", false, "only those that go on")
	cmd.Flags().StringVar(&f.phase, "phase", "", "only those in this `phase`: started, expanded, complete, superseded or abandoned")
	return cmd
}
