package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
)

func newQueryPage(w world) *cobra.Command {
	r := &reader{w: w}
	cmd := &cobra.Command{
		Use:     "page PAGE",
		Short:   "What a page is and was",
		Example: "  eddy query page enwiki:736\n  eddy query page --wiki enwiki 736 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			key, err := r.page(args[0])
			if err != nil {
				return err
			}
			return lookUp(cmd.Context(), r, tables.Pages, key, r.writer().Page, pageText)
		},
	}
	r.bind(cmd)
	return cmd
}

func pageText(p *documents.Page, w io.Writer) {
	fieldf(w, "page", "%s", p.Page)
	fieldf(w, "title", "%s", p.PageTitle)
	fieldf(w, "state", "%s", state(p.Live))
	fieldf(w, "revision", "%d of %s", p.Rev, p.DT)
	if p.Redirect != nil {
		fieldf(w, "redirects to", "%s", p.Redirect.PageTitle)
	}
	for _, s := range p.History {
		fieldf(w, "from "+s.From, "%s, %s", s.PageTitle, state(s.Live))
	}
}

func state(live bool) string {
	if live {
		return "live"
	}
	return "dead"
}
