package store

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// A full disk ends the store at once: writers and whoever closes it do not wait for room.
func TestFullDiskEndsTheStore(t *testing.T) {
	t.Parallel()
	var freed atomic.Bool
	defer freed.Store(true) // what was left behind ends
	var full errorfs.InjectorFunc = func(op errorfs.Op) error {
		if !freed.Load() && strings.HasSuffix(op.Path, ".sst") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return syscall.ENOSPC
		}
		return nil
	}
	db, err := Open(Options{Dir: "store", MemtableBytes: 1 << 20, fs: errorfs.Wrap(vfs.NewMem(), full)})
	if err != nil {
		t.Fatal(err)
	}
	a := table(t, db, "a")
	rows := 0
	for {
		b := db.Batch()
		b.Set(a, []byte{byte(rows), byte(rows >> 8)}, make([]byte, 10_000))
		if err = b.Commit(); err != nil {
			break
		}
		if rows++; rows == 10_000 {
			t.Fatal("no write fails")
		}
	}
	select {
	case <-db.Failed():
	case <-time.After(30 * time.Second):
		t.Fatal("nothing is told")
	}
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(db.Failure(), syscall.ENOSPC) || !strings.Contains(err.Error(), "free space") {
		t.Errorf("a write: %v; the store: %v", err, db.Failure())
	}
	if err := db.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Flush: %v", err)
	}
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Errorf("Close: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Close waits")
	}
}

// A store of which any file is damaged, in any way, opens: as it was, or built anew. What is read of it is right or an error.
func TestDamagedStoreIsBuiltAgain(t *testing.T) {
	t.Parallel()
	damages := map[string]func([]byte, *rand.Rand) []byte{
		"cut":     func(data []byte, r *rand.Rand) []byte { return data[:r.IntN(len(data)+1)] },
		"empty":   func([]byte, *rand.Rand) []byte { return nil },
		"garbage": func(data []byte, r *rand.Rand) []byte { return noise(data, r, len(data)) },
		"bytes":   func(data []byte, r *rand.Rand) []byte { return noise(data, r, 40) },
	}
	good := t.TempDir()
	db, err := Open(Options{Dir: good, Name: "s"})
	if err != nil {
		t.Fatal(err)
	}
	fillForDamage(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Join(good, "s"))
	if err != nil {
		t.Fatal(err)
	}
	anew := 0
	for name, damage := range damages {
		for i, file := range files {
			if file.Name() == "LOCK" {
				continue
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "s", file.Name())
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(data, rand.New(rand.NewPCG(uint64(i), 1))), 0o600); err != nil {
				t.Fatal(err)
			}
			if opensAgain(t, name+" "+file.Name(), dir) {
				anew++
			}
		}
	}
	if anew == 0 {
		t.Error("no store was built anew")
	}
}

func noise(data []byte, r *rand.Rand, n int) []byte {
	out := append([]byte(nil), data...)
	for range min(n, len(out)) {
		out[r.IntN(len(out))] = byte(r.IntN(256))
	}
	return out
}

const damagedRows = 2000

func fillForDamage(t *testing.T, db *DB) {
	t.Helper()
	b, a := db.Batch(), table(t, db, "a")
	for i := range damagedRows {
		b.Set(a, []byte{byte(i >> 8), byte(i)}, []byte(strings.Repeat("v", 50)))
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
}

// opensAgain opens a store until it can be read as a whole, which it can the second time at the latest, and reports whether it was built anew.
func opensAgain(t *testing.T, what, dir string) (anew bool) {
	t.Helper()
	for range 2 {
		db, err := Open(Options{Dir: dir, Name: "s"})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return false
		}
		n, err := table(t, db, "a").Count()
		if e := db.Close(); e != nil {
			t.Errorf("%s: close: %v", what, e)
		}
		if err == nil {
			if n != 0 && n != damagedRows {
				t.Errorf("%s: %d rows", what, n)
			}
			return n == 0
		}
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, want an error that names the store and says that it is damaged", what, err)
		}
	}
	t.Errorf("%s: it cannot be read after it was opened again", what)
	return false
}
