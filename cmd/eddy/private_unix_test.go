//go:build unix

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What the commands write is their user's alone.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	event := `{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"c1"},"wiki_id":"w","dt":"2026-01-01T00:00:00Z","page_change_kind":"create",` +
		`"page":{"page_id":1,"page_title":"Secret","namespace_id":0},"revision":{"rev_id":1}}` + "\nnothing\n"
	events := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(events, []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	broker := begin(t, "broker", "--data", in("broker"), "--listen", "127.0.0.1:0")
	brokers := strings.TrimSpace(broker.await("brokers "))
	worker := begin(t, "run", "--brokers", brokers, "--data", in("worker"), "--partitions", "1")
	worker.await("msg=ready")
	replay := begin(t, "replay", "--data", in("replay"), "--out", in("out"), "--on-error", "dead-letter", "--dead-letters", in("letters"), "--partitions", "1", events)
	if state, printed := replay.end(); state.ExitCode() != 0 {
		t.Fatalf("%s\n%s", state, printed)
	}
	for _, c := range []*child{worker, broker} {
		c.signal(syscall.SIGTERM)
		if state, printed := c.end(); state.ExitCode() != 0 {
			t.Fatalf("%s\n%s", state, printed)
		}
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if n++; info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s", path, info.Mode())
		}
		return nil
	})
	if err != nil || n < 20 {
		t.Errorf("%d files, %v", n, err)
	}
}
