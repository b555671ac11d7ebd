package bench

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// table reads the dependents table into a store of its own: how long that takes, and how big it is.
func (b *run) table(ctx context.Context) error {
	cfg := b.cfg
	cfg.DataDir = filepath.Join(b.dir, "view")
	var records atomic.Int64
	cfg.Observer = &topology.Observer{Recovered: func(i topology.RecoveredInfo) { records.Add(i.Records) }}
	// The rows as bytes: their sizes are wanted, not what they mean.
	v, err := topology.OpenView(topology.NewTable(tables.Dependents.Topic(), codecs.Bytes(), codecs.Bytes()), cfg)
	if err != nil {
		return err
	}
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	run, stop := context.WithCancel(ctx)
	group.Go(func() error { return v.Run(run) })
	group.Go(func() error {
		defer stop()
		select {
		case <-v.Recovered():
		case <-ctx.Done():
			return ctx.Err()
		}
		took := time.Since(start)
		for entry, err := range v.All() {
			if err != nil {
				return err
			}
			b.result.Table.Rows++
			b.result.Table.LogBytes += int64(len(entry.Key) + len(entry.Value))
		}
		b.result.Table.Recovery = rate(int(records.Load()), 0, took)
		return nil
	})
	if err := errors.Join(group.Wait(), v.Close()); err != nil {
		return err
	}
	if b.result.Table.StoreBytes, err = size(cfg.DataDir); err != nil {
		return err
	}
	b.result.Table.StorePerEdge = float64(b.result.Table.StoreBytes) / float64(b.result.Edges)
	b.result.Table.LogPerEdge = float64(b.result.Table.LogBytes) / float64(b.result.Edges)
	return nil
}

// size sums the files of a folder.
func size(dir string) (int64, error) {
	sum := int64(0)
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}
