package cli

import (
	"context"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// titler says what pages are called.
type titler func(tables.PageKey) (string, error)

// withTitles runs read with what says the titles of pages, from their table; with --ids the titles are empty.
func (r *reader) withTitles(ctx context.Context, read func(titler) error) error {
	if r.ids {
		return read(func(tables.PageKey) (string, error) { return "", nil })
	}
	return within(ctx, r, tables.Pages, func(v *topology.View[tables.PageKey, *tables.PageRow]) error {
		return read(func(key tables.PageKey) (string, error) {
			row, ok, err := v.Get(key)
			if err != nil || !ok {
				return "", err // of a page that was linked from before anything was heard of it
			}
			page, err := r.writer().Page(key, row)
			if err != nil {
				return "", err
			}
			return page.PageTitle, nil
		})
	})
}
