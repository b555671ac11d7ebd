package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
)

func newQueryCascade(w world) *cobra.Command {
	r := &reader{w: w}
	cmd := &cobra.Command{
		Use:     "cascade ID",
		Short:   "How far a cascade has come",
		Example: "  eddy query cascade 9c1d3f0a5b7e2846",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			id, err := tables.ParseCascadeID(args[0])
			if err != nil {
				return usageError(err)
			}
			document := func(_ tables.CascadeID, row *tables.CascadeRow) (*cascadeAnswer, error) {
				c, err := r.writer().Cascade(row)
				return &cascadeAnswer{c, row.Late}, err
			}
			return lookUp(cmd.Context(), r, tables.Cascades, id, document, cascadeText)
		},
	}
	r.bind(cmd)
	return cmd
}

// cascadeAnswer is a cascade as it is now.
type cascadeAnswer struct {
	*documents.Cascade

	Late int64 `json:"late"` // of the pages asked for, those that were so after the end
}

func cascadeText(c *cascadeAnswer, w io.Writer) {
	fieldf(w, "cascade", "%s", c.ID)
	fieldf(w, "root", "%s of %s", c.Root.PageTitle, c.WikiID)
	fieldf(w, "change", "%s of %s", c.Kind, c.DT)
	fieldf(w, "phase", "%s", c.Phase)
	fieldf(w, "asked", "%d", c.Asked)
	fieldf(w, "outstanding", "%d", c.Outstanding)
	if c.Late > 0 {
		fieldf(w, "late", "%d", c.Late)
	}
	if c.Abandoned > 0 {
		fieldf(w, "abandoned", "%d", c.Abandoned)
	}
}
