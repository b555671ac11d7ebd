package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// writeOutcome writes requests, cascades and every table to a directory.
func writeOutcome(ctx context.Context, cfg topology.Config, dir string, sites *tables.Sites, o *replay.Outcome) error {
	if err := os.MkdirAll(filepath.Join(dir, "tables"), 0o755); err != nil { //nolint:gosec // read by others
		return err
	}
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
		return os.Create(filepath.Join(dir, "tables", table+".ndjson"))
	})
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
