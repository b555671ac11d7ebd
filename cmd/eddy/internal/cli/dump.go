package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// makeOut makes the directory of an outcome.
func makeOut(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(dir, "tables"), 0o700); err != nil {
		return usageError(fmt.Errorf("out: %w", err))
	}
	return nil
}

// create makes a file that is its owner's alone.
func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

// writeOutcome writes requests, cascades and every table to a directory that was made by makeOut.
func writeOutcome(ctx context.Context, cfg topology.Config, dir string, sites *tables.Sites, o *replay.Outcome) error {
	if err := writeFile(filepath.Join(dir, "requests.ndjson"), o.WriteRequests); err != nil {
		return err
	}
	err := writeFile(filepath.Join(dir, "cascades.ndjson"), func(out io.Writer) error {
		return replay.WriteCascades(ctx, cfg, sites, o, out)
	})
	if err != nil {
		return err
	}
	return replay.WriteTables(ctx, cfg, sites, func(table string) (io.WriteCloser, error) {
		return create(filepath.Join(dir, "tables", table+".ndjson"))
	})
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
