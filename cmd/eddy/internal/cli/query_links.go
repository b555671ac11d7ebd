package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
)

func newQueryLinks(w world) *cobra.Command {
	r := &reader{w: w}
	cmd := &cobra.Command{
		Use:     "links PAGE",
		Short:   "What a page uses, by type of link",
		Example: "  eddy query links enwiki:736 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			key, err := r.page(args[0])
			if err != nil {
				return err
			}
			return lookUp(cmd.Context(), r, tables.Links, key, r.writer().Links, linksText)
		},
	}
	r.bind(cmd)
	return cmd
}

func linksText(l *documents.Links, w io.Writer) {
	fieldf(w, "page", "%s", l.Page)
	if l.PageTitle != "" {
		fieldf(w, "title", "%s", l.PageTitle)
	}
	fieldf(w, "state", "%s", state(l.Live))
	if l.Rendered == nil {
		fieldf(w, "rendered", "never")
	} else {
		fieldf(w, "rendered", "%s, revision %d, links %s", l.Rendered.DT, l.Rendered.Rev, l.Rendered.Closure)
	}
	for t := range tables.LinkSelf {
		for _, link := range l.Links[t.String()] {
			text := link.Target
			if link.Scope != "" {
				text += " (in its own view only)"
			}
			fieldf(w, t.String(), "%s", text)
		}
	}
}
