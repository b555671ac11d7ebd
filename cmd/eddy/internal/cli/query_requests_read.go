package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/requested"
	"github.com/eddystream/eddy/topology"
)

// meantRequest chooses requests; the cascade is nil if no more than its id is known.
type meantRequest = func(*requestDocument, *tables.Cascade) bool

// requestReader reads requests with what their cascades are about.
type requestReader struct {
	*reader
	chunks   requested.Tables
	cascades *topology.View[tables.CascadeID, *tables.CascadeRow]
}

func (r *reader) withRequests(ctx context.Context, read func(*requestReader) error) error {
	q := &requestReader{reader: r}
	return within(ctx, r, tables.Requests, func(v *topology.View[tables.PageKey, *tables.RequestRow]) error {
		q.chunks.Rows = v
		return within(ctx, r, tables.RequestParts, func(v *topology.View[tables.RequestPartKey, *tables.RequestPart]) error {
			q.chunks.Parts = v
			return within(ctx, r, tables.Cascades, func(v *topology.View[tables.CascadeID, *tables.CascadeRow]) error {
				q.cascades = v
				return read(q)
			})
		})
	})
}

// list prints the requests that are meant, in the order of chunks, pages and cascades. Rows that cannot be decoded are passed over, and are the error
// at the end.
func (q *requestReader) list(ctx context.Context, l *limit, after *requestDocument, title titler, meant meantRequest) error {
	if err := l.check(); err != nil {
		return err
	}
	out := q.lines(l)
	var broken brokenRows
	for chunk, err := range q.chunks.All(q.prefix()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if broken.has(err) {
			continue
		}
		more := false
		if err == nil {
			more, err = q.listChunk(out, chunk, after, title, meant)
		}
		if err != nil {
			return errors.Join(err, out.end())
		}
		if !more {
			break
		}
	}
	return errors.Join(out.end(), errors.Join(broken...))
}

func (q *requestReader) listChunk(out *lines, chunk *requested.Chunk, after *requestDocument, title titler, meant meantRequest) (bool, error) {
	if after != nil && chunk.Key.String() < after.asked.Chunk().String() {
		return true, nil
	}
	all, err := q.requests(chunk, meant)
	if err != nil {
		return false, err
	}
	for _, d := range all {
		if after != nil && chunk.Key == after.asked.Chunk() && compareRequests(d, after) <= 0 {
			continue
		}
		if d.PageTitle, err = title(d.asked); err != nil {
			return false, err
		}
		state := "done"
		if d.Open {
			state = "open"
		}
		more, err := out.add(d.cursor(), d, d.Page, spell([]byte(d.PageTitle)), string(d.Cascade), spell([]byte(d.Root.PageTitle)), d.DT, state)
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// requests are those of a chunk that are meant, in the order of pages and cascades.
func (q *requestReader) requests(chunk *requested.Chunk, meant meantRequest) ([]*requestDocument, error) {
	var all []*requestDocument
	for i := range chunk.Cascades {
		c := &chunk.Cascades[i]
		if c.Of == nil {
			row, ok, err := q.cascades.Get(c.ID)
			if err != nil {
				return nil, err
			}
			if ok {
				c.Of = &row.Cascade
			}
		}
		about := requestDocument{Cascade: c.ID}
		if c.Of != nil {
			var err error
			if about.Root, err = q.writer().Root(c.Of); err != nil {
				return nil, err
			}
			about.Kind, about.DT = c.Of.Kind, replay.Time(c.Of.DT)
		}
		for offset := range 256 {
			if !c.Asked.Has(offset) {
				continue
			}
			d := about
			d.asked = tables.PageKey{Wiki: chunk.Key.Wiki, ID: chunk.Key.ID + int64(offset)}
			d.Page, d.Open = d.asked.String(), !c.Closed && c.Outstanding.Has(offset)
			if meant(&d, c.Of) {
				all = append(all, &d)
			}
		}
	}
	slices.SortFunc(all, compareRequests)
	return all, nil
}
