package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
	"github.com/eddystream/eddy/topology"
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
			return queryLinks(cmd.Context(), r, key)
		},
	}
	r.bind(cmd)
	return cmd
}

// queryLinks prints the links of a page; the table of parts is read only if the page has any there.
func queryLinks(ctx context.Context, r *reader, page tables.PageKey) error {
	return within(ctx, r, tables.Links, func(v *topology.View[tables.PageKey, *tables.LinksRow]) error {
		row, ok, err := v.Get(page)
		if err != nil {
			return err
		}
		if ok && len(row.PartNames()) > 0 {
			err = within(ctx, r, tables.LinksParts, func(parts *topology.View[tables.LinksPartKey, *tables.LinksPart]) (err error) {
				row, ok, err = replay.Links(ctx, v, parts, page)
				return err
			})
		}
		switch {
		case err != nil:
			return err
		case !ok:
			return notKnown(page)
		}
		d, err := r.writer().Links(page, row)
		if err != nil {
			return err
		}
		return show(r, d, func(out io.Writer) { linksText(d, out) })
	})
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
