//go:build kafka

package kafka

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"
)

// Two that download at the same time both have all jars in the end, once.
func TestDownloadsAtOnce(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	dir := filepath.Join(cache, "eddy", "kafka")
	var group errgroup.Group
	for range 2 {
		group.Go(func() error { return download(t.Context(), dir) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, mainJar)); err != nil {
		t.Error(err)
	}
	if all, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(all) != 1 {
		t.Errorf("left %v, %v", all, err)
	}
}
