package integration_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// views follow the tables of a pipeline for the length of a test.
type views struct {
	pages      *topology.View[tables.PageKey, *tables.PageRow]
	titles     *topology.View[tables.Title, *tables.TitleRow]
	links      *topology.View[tables.PageKey, *tables.LinksRow]
	parts      *topology.View[tables.LinksPartKey, *tables.LinksPart]
	dependents *topology.View[tables.Target, *tables.DependentsRow]
}

func openViews(t *testing.T, cfg topology.Config) views {
	t.Helper()
	return views{
		openView(t, cfg, tables.Pages), openView(t, cfg, tables.Titles), openView(t, cfg, tables.Links), openView(t, cfg, tables.LinksParts),
		openView(t, cfg, tables.Dependents),
	}
}

func openView[K, V any](t *testing.T, cfg topology.Config, table topology.Table[K, V]) *topology.View[K, V] {
	t.Helper()
	v, err := topology.OpenView(table, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- v.Run(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() {
		if err := errors.Join(v.Close(), <-ended); err != nil {
			t.Errorf("view of %s: %v", table.Topic(), err)
		}
	})
	return v
}

// derived returns what the tables say of a wiki.
func (v views) derived(ctx context.Context, wiki string) (*oracle.Derived, error) {
	c := oracle.NewCollector()
	err := errors.Join(
		present(ctx, v.pages, func(key tables.PageKey, row *tables.PageRow) {
			if key.Wiki == wiki {
				c.Page(key, row)
			}
		}),
		present(ctx, v.titles, func(key tables.Title, row *tables.TitleRow) {
			if key.Wiki == wiki {
				c.Title(key, row)
			}
		}),
		v.wholeLinks(ctx, wiki, c),
		present(ctx, v.dependents, func(key tables.Target, row *tables.DependentsRow) {
			if key.Wiki == wiki {
				c.Dependents(key, row)
			}
		}),
	)
	return c.Derived(), err
}

// wholeLinks takes every row of links, with those that are in parts.
func (v views) wholeLinks(ctx context.Context, wiki string, c *oracle.Collector) error {
	var keys []tables.PageKey
	err := errors.Join(
		present(ctx, v.parts, func(tables.LinksPartKey, *tables.LinksPart) {}),
		present(ctx, v.links, func(key tables.PageKey, _ *tables.LinksRow) {
			if key.Wiki == wiki {
				keys = append(keys, key)
			}
		}),
	)
	if err != nil {
		return err
	}
	for _, key := range keys {
		row, found, err := replay.Links(ctx, v.links, v.parts, key)
		if err != nil {
			return err
		}
		if found {
			c.Links(key, row)
		}
	}
	return nil
}

// present takes every row that a table has now.
func present[K, V any](ctx context.Context, v *topology.View[K, V], take func(K, V)) error {
	select {
	case <-v.Recovered():
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := v.Settle(ctx); err != nil {
		return err
	}
	for e, err := range v.All() {
		if err != nil {
			return err
		}
		take(e.Key, e.Value)
	}
	return nil
}
