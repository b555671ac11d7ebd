package replay

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/tables/documents"
	"github.com/eddystream/eddy/tables/requested"
	"github.com/eddystream/eddy/topology"
)

// WriteTables writes a document of every row of the pipeline's tables, one a line, in the order of the keys. What is
// written says what the rows mean, not how they are laid out. A target that nobody uses is left out, and the rows of
// chunks are part of their target. Create is called with the name of each table, one after the other; what it returns
// is closed. Sites spell the titles.
func WriteTables(ctx context.Context, cfg topology.Config, sites *tables.Sites, create func(table string) (io.WriteCloser, error)) error {
	w := documents.Writer{Sites: sites}
	return errors.Join(
		writeTable(ctx, cfg, create, "pages", tables.Pages, each(w.Page)),
		writeTable(ctx, cfg, create, "titles", tables.Titles, each(w.Title)),
		writeLinks(ctx, cfg, create, w),
		writeTable(ctx, cfg, create, "dependents", tables.Dependents, users(w)),
		ReadTable(ctx, cfg, tables.RequestParts, func(parts *topology.View[tables.RequestPartKey, *tables.RequestPart]) error {
			return writeTable(ctx, cfg, create, "requests", tables.Requests, chunks(w, parts))
		}),
		writeTable(ctx, cfg, create, "cascades", tables.Cascades,
			each(func(_ tables.CascadeID, row *tables.CascadeRow) (*documents.Cascade, error) { return w.Cascade(row) })),
	)
}

// written makes the documents of a table.
type written[K, V any] func(v *topology.View[K, V]) iter.Seq2[any, error]

// each makes a document of every row.
func each[K, V, D any](document func(K, V) (D, error)) written[K, V] {
	return func(v *topology.View[K, V]) iter.Seq2[any, error] { return documentsOf(v.All(), ofEntry(document)) }
}

func ofEntry[K, V, D any](document func(K, V) (D, error)) func(topology.Entry[K, V]) (D, error) {
	return func(e topology.Entry[K, V]) (D, error) { return document(e.Key, e.Value) }
}

func documentsOf[R, D any](rows iter.Seq2[R, error], document func(R) (D, error)) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for row, err := range rows {
			var d any
			if err == nil {
				d, err = document(row)
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// chunks makes a document of every chunk of pages.
func chunks(w documents.Writer, parts *topology.View[tables.RequestPartKey, *tables.RequestPart]) written[tables.PageKey, *tables.RequestRow] {
	return func(v *topology.View[tables.PageKey, *tables.RequestRow]) iter.Seq2[any, error] {
		return documentsOf((requested.Tables{Rows: v, Parts: parts}).All(""), func(c *requested.Chunk) (*documents.Requests, error) {
			return w.Requests(c), nil
		})
	}
}

// users makes a document of every target that somebody uses.
func users(w documents.Writer) written[tables.Target, *tables.DependentsRow] {
	return func(v *topology.View[tables.Target, *tables.DependentsRow]) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			for entry, err := range v.All() {
				if err == nil && entry.Key.IsChunk() {
					continue
				}
				var uses *dependents.Uses
				if err == nil {
					uses, _, err = dependents.Load(v, entry.Key)
				}
				switch {
				case err != nil:
					if !yield(nil, err) {
						return
					}
				case uses.Len() > 0:
					if !yield(w.Dependents(uses, -1), nil) {
						return
					}
				}
			}
		}
	}
}

func writeTable[K, V any](
	ctx context.Context, cfg topology.Config, create func(string) (io.WriteCloser, error),
	name string, table topology.Table[K, V], rows written[K, V],
) error {
	return ReadTable(ctx, cfg, table, func(v *topology.View[K, V]) error { return writeRows(create, name, rows(v)) })
}

func writeRows(create func(string) (io.WriteCloser, error), name string, rows iter.Seq2[any, error]) error {
	out, err := create(name)
	if err != nil {
		return err
	}
	return errors.Join(writeDocuments(out, rows), out.Close())
}
