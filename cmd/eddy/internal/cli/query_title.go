package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
)

func newQueryTitle(w world) *cobra.Command {
	r := &reader{w: w}
	cmd := &cobra.Command{
		Use:     "title TITLE",
		Short:   "Which page a title means, and meant",
		Example: "  eddy query title enwiki:0:Paris\n  eddy query title --wiki enwiki \"Template:Infobox person\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			key, err := r.title(args[0])
			if err != nil {
				return err
			}
			return lookUp(cmd.Context(), r, tables.Titles, key, r.writer().Title, titleText)
		},
	}
	r.bind(cmd)
	return cmd
}

func titleText(t *documents.Title, w io.Writer) {
	fieldf(w, "title", "%s", t.PageTitle)
	if t.Holder == nil {
		fieldf(w, "page", "none")
	} else {
		fieldf(w, "page", "%d", *t.Holder)
	}
	for _, c := range t.Open {
		fieldf(w, "since "+c.From, "page %d, revision %d", c.Page, c.Rev)
		if c.Redirect != nil {
			fieldf(w, "redirects to", "%s", c.Redirect.PageTitle)
		}
	}
	for _, h := range t.Past {
		fieldf(w, "until "+h.To, "page %d", h.Page)
	}
}
