package replay

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
	"github.com/eddystream/eddy/topology"
)

// WriteCascades writes the cascades that an outcome has events of as JSON, one a line, in the order of time, root and
// id. It reads them from their table, and not from the events: an event says what was so when it was sent, the table
// what is so at rest, which does not depend on what came first. Sites spell the roots.
func WriteCascades(ctx context.Context, cfg topology.Config, sites *tables.Sites, o *Outcome, w io.Writer) error {
	write := documents.Writer{Sites: sites}
	return ReadTable(ctx, cfg, tables.Cascades, func(v *topology.View[tables.CascadeID, *tables.CascadeRow]) error {
		var list []*documents.Cascade
		for entry, err := range v.All() {
			if err != nil {
				return err
			}
			if !o.Told(entry.Key) {
				continue
			}
			c, err := write.Cascade(entry.Value)
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		slices.SortFunc(list, compareDocuments)
		return writeLines(w, slices.Values(list), func(c *documents.Cascade) any { return c })
	})
}

// compareDocuments orders cascades as [compareCascades] does; times of one form are in the order of their texts.
func compareDocuments(a, b *documents.Cascade) int {
	return cmp.Or(
		cmp.Compare(a.DT, b.DT),
		cmp.Compare(a.Root.Namespace, b.Root.Namespace),
		cmp.Compare(a.Root.PageTitle, b.Root.PageTitle),
		cmp.Compare(a.ID, b.ID),
	)
}
