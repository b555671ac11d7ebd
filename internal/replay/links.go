package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
	"github.com/eddystream/eddy/topology"
)

type (
	linksView = *topology.View[tables.PageKey, *tables.LinksRow]
	partsView = *topology.View[tables.LinksPartKey, *tables.LinksPart]
	linksRows = iter.Seq2[topology.Entry[tables.PageKey, *tables.LinksRow], error]
)

// errParts says that the parts of a row do not belong to it.
var errParts = errors.New("the links of the page are being written: ask again")

// readAgain is how often a row is read whose parts are being written.
const readAgain = 5

// Links returns the row of a page with all its links, those in parts too. The views have recovered.
func Links(ctx context.Context, rows linksView, parts partsView, page tables.PageKey) (*tables.LinksRow, bool, error) {
	for range readAgain {
		row, found, err := rows.Get(page)
		if err != nil || !found {
			return nil, false, err
		}
		row, whole, err := row.Fill(func(name int64) (*tables.LinksPart, bool, error) {
			return parts.Get(tables.LinksPartKey{First: page, Second: tables.LinksPartName(name)})
		})
		if err != nil || whole {
			return row, true, err
		}
		if err := errors.Join(rows.Settle(ctx), parts.Settle(ctx)); err != nil {
			return nil, false, err
		}
	}
	return nil, false, fmt.Errorf("page %s: %w", page, errParts)
}

// EachLinks calls use for every row of a page's links, with all of them.
func EachLinks(ctx context.Context, cfg topology.Config, use func(page tables.PageKey, row *tables.LinksRow) error) error {
	return ReadTable(ctx, cfg, tables.Links, func(v linksView) error {
		return wholeRows(ctx, cfg, v, func(rows linksRows) error {
			for e, err := range rows {
				if err != nil {
					return err
				}
				if err := use(e.Key, e.Value); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// wholeRows gives use the rows of a view with all their links. The table of parts is read only if a row has any.
func wholeRows(ctx context.Context, cfg topology.Config, v linksView, use func(linksRows) error) error {
	for e, err := range v.All() {
		if err == nil && len(e.Value.PartNames()) > 0 {
			return ReadTable(ctx, cfg, tables.LinksParts, func(parts partsView) error {
				return use(filled(ctx, v, parts))
			})
		}
	}
	return use(v.All())
}

func filled(ctx context.Context, v linksView, parts partsView) linksRows {
	return func(yield func(topology.Entry[tables.PageKey, *tables.LinksRow], error) bool) {
		for e, err := range v.All() {
			if err == nil && len(e.Value.PartNames()) > 0 {
				var found bool
				if e.Value, found, err = Links(ctx, v, parts, e.Key); err == nil && !found {
					continue
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// writeLinks writes the documents of pages' links.
func writeLinks(ctx context.Context, cfg topology.Config, create func(string) (io.WriteCloser, error), w documents.Writer) error {
	return ReadTable(ctx, cfg, tables.Links, func(v linksView) error {
		return wholeRows(ctx, cfg, v, func(rows linksRows) error {
			return writeRows(create, "links", documentsOf(rows, ofEntry(w.Links)))
		})
	})
}
