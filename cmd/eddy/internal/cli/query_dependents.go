package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/tables/documents"
	"github.com/eddystream/eddy/topology"
)

func newQueryDependents(w world) *cobra.Command {
	r := &reader{w: w}
	var limit int
	cmd := &cobra.Command{
		Use:   "dependents TARGET",
		Short: "Which pages use a title, or link outside of the wiki",
		Example: `  eddy query dependents --wiki enwiki "Template:Infobox person"
  eddy query dependents enwiki:external:https://example.org/ --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			target, err := r.target(args[0])
			if err != nil {
				return err
			}
			return within(cmd.Context(), r, tables.Dependents, func(v *topology.View[tables.Target, *tables.DependentsRow]) error {
				uses, ok, err := dependents.Load(v, target)
				if err != nil {
					return err
				}
				if !ok {
					return coded(exitNotFound, fmt.Errorf("nobody ever used %q", target))
				}
				d := r.writer().Dependents(uses, limit)
				return show(r, d, func(out io.Writer) { dependentsText(uses, d, out) })
			})
		},
	}
	r.bind(cmd)
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "`number` of page ids listed of each type and wiki; -1: all")
	return cmd
}

// target reads an argument that names what links point at.
func (r *reader) target(arg string) (tables.Target, error) {
	if r.wiki != "" {
		t, err := r.title(arg)
		return tables.TitleTarget(t), err
	}
	t, err := tables.ParseTarget(arg)
	if err == nil && t.IsChunk() {
		err = errors.New("a chunk is part of its target: ask for that")
	}
	return t, usageError(err)
}

func dependentsText(uses *dependents.Uses, d *documents.Dependents, w io.Writer) {
	fieldf(w, "target", "%s", d.Target)
	if d.Holder != 0 {
		fieldf(w, "page", "%d", d.Holder)
	}
	fieldf(w, "links", "%d", d.Count)
	for _, from := range uses.Sources {
		for t, set := range from.Edges.Sets {
			if len(set) == 0 {
				continue
			}
			name := tables.LinkType(t).String()
			listed := d.Pages[name][from.Wiki]
			more := ""
			if rest := len(set) - len(listed); rest > 0 {
				more = fmt.Sprintf(" and %d more", rest)
			}
			fieldf(w, name, "%d of %s: %v%s", len(set), from.Wiki, listed, more)
		}
	}
}
