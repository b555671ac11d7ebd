package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/eddystream/eddy/cmd/eddy/internal/dependents"
	"github.com/eddystream/eddy/cmd/eddy/internal/deploy"
	"github.com/eddystream/eddy/cmd/eddy/internal/documents"
	"github.com/eddystream/eddy/integration/replay"
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
	if err := writeFile(filepath.Join(dir, "cascades.ndjson"), o.WriteCascades); err != nil {
		return err
	}
	w := documents.Writer{Sites: sites}
	return errors.Join(
		dumpTable(ctx, cfg, dir, "pages", tables.Pages, w.Page),
		dumpTable(ctx, cfg, dir, "titles", tables.Titles, w.Title),
		dumpTable(ctx, cfg, dir, "links", tables.Links, w.Links),
		dumpDependents(ctx, cfg, dir, w),
		dumpTable(ctx, cfg, dir, "requests", tables.Requests, w.Requests),
		dumpTable(ctx, cfg, dir, "cascades", tables.Cascades,
			func(_ tables.CascadeID, row *tables.CascadeRow) (*documents.Cascade, error) { return w.Cascade(row) }),
	)
}

// dumpTable writes a document of every row, in the order of the keys.
func dumpTable[K, V, D any](ctx context.Context, cfg topology.Config, dir, name string, table topology.Table[K, V], document func(K, V) (D, error)) error {
	return deploy.Read(ctx, cfg, table, func(v *topology.View[K, V]) error {
		return writeDocuments(dir, name, func(add func(any) error) error {
			for entry, err := range v.All() {
				if err != nil {
					return err
				}
				d, err := document(entry.Key, entry.Value)
				if err != nil {
					return err
				}
				if err := add(d); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// dumpDependents writes a document of every target that somebody uses: the rows of its chunks are part of it.
func dumpDependents(ctx context.Context, cfg topology.Config, dir string, w documents.Writer) error {
	return deploy.Read(ctx, cfg, tables.Dependents, func(v *topology.View[tables.Target, *tables.DependentsRow]) error {
		return writeDocuments(dir, "dependents", func(add func(any) error) error {
			for entry, err := range v.All() {
				if err != nil {
					return err
				}
				if entry.Key.IsChunk() {
					continue
				}
				uses, _, err := dependents.Load(v, entry.Key)
				if err != nil {
					return err
				}
				if uses.Len() == 0 {
					continue
				}
				if err := add(w.Dependents(uses, -1)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// writeDocuments writes tables/<name>.ndjson.
func writeDocuments(dir, name string, fill func(add func(any) error) error) error {
	return writeFile(filepath.Join(dir, "tables", name+".ndjson"), func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		out := json.NewEncoder(buffered)
		out.SetEscapeHTML(false)
		if err := fill(out.Encode); err != nil {
			return err
		}
		return buffered.Flush()
	})
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
