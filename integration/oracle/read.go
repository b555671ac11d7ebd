package oracle

import (
	"context"
	"errors"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// ReadTables reads what the tables of a pipeline say now, wherever it runs.
func ReadTables(ctx context.Context, cfg topology.Config) (*Derived, error) {
	c := NewCollector()
	err := errors.Join(
		collect(ctx, cfg, tables.Pages, c.Page),
		collect(ctx, cfg, tables.Titles, c.Title),
		replay.EachLinks(ctx, cfg, func(page tables.PageKey, row *tables.LinksRow) error {
			c.Links(page, row)
			return nil
		}),
		collect(ctx, cfg, tables.Dependents, c.Dependents),
	)
	return c.Derived(), err
}

// collect takes every row of a table.
func collect[K, V any](ctx context.Context, cfg topology.Config, table topology.Table[K, V], take func(K, V)) error {
	return replay.ReadTable(ctx, cfg, table, func(v *topology.View[K, V]) error {
		for e, err := range v.All() {
			if err != nil {
				return err
			}
			take(e.Key, e.Value)
		}
		return nil
	})
}
