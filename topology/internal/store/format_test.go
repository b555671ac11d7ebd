package store

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"
)

// storeOfFormat makes a store with a row and gives it a format.
func storeOfFormat(t *testing.T, version byte) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	db, err := Open(Options{Dir: "store", fs: fs})
	if err != nil {
		t.Fatal(err)
	}
	put(t, table(t, db, "a"), "k", "another layout")
	w := db.backend.writes()
	if err := firstError(w.set([]byte{spaceFormat}, []byte{version}), w.commit(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return fs
}

func rows(t *testing.T, fs vfs.FS) int {
	t.Helper()
	db, err := Open(Options{Dir: "store", fs: fs})
	if err != nil {
		t.Fatal(err)
	}
	n, err := table(t, db, "a").Count()
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStoreOfAnOlderFormatIsRebuilt(t *testing.T) {
	t.Parallel()
	fs := storeOfFormat(t, formatVersion-1)
	for range 2 { // the second time it has the present format
		if n := rows(t, fs); n != 0 {
			t.Errorf("%d rows of an older layout", n)
		}
	}
}

func TestStoreOfANewerFormatIsRefused(t *testing.T) {
	t.Parallel()
	fs := storeOfFormat(t, formatVersion+1)
	_, err := Open(Options{Dir: "store", fs: fs})
	if !errors.Is(err, ErrNewerFormat) || !strings.Contains(err.Error(), "run the newer release") || !strings.Contains(err.Error(), `"store"`) {
		t.Fatalf("%v, want ErrNewerFormat, the folder, and what can be done", err)
	}
	p, err := pebble.Open("store", &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatNewest, Logger: pebbleLog{slog.New(slog.DiscardHandler), newFailing(fs, "store")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Set([]byte{spaceFormat}, []byte{formatVersion}, pebble.Sync), p.Close()); err != nil {
		t.Fatal(err)
	}
	if n := rows(t, fs); n != 1 {
		t.Errorf("%d rows are left of the refused store, want 1", n)
	}
}

// A store whose files a later version of Pebble has written is refused, and left as it is.
func TestStoreOfALaterPebbleIsRefused(t *testing.T) {
	t.Parallel()
	fs := storeOfFormat(t, formatVersion)
	now, found, err := atomicfs.LocateMarker(fs, "store", "format-version")
	if err != nil {
		t.Fatal(err)
	}
	defer now.Close()
	if was, err := strconv.Atoi(found); err != nil || was != int(pebble.FormatNewest) {
		t.Fatalf("the store's format is marked as %q: %v", found, err)
	}
	if err := now.Move(fmt.Sprintf("%03d", pebble.FormatNewest+1)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it stays
		_, err := Open(Options{Dir: "store", fs: fs})
		if !errors.Is(err, ErrNewerFormat) || errors.Is(err, ErrDamaged) {
			t.Fatalf("%v, want ErrNewerFormat", err)
		}
		for _, want := range []string{"run the newer release", "delete the folder", `"store"`} {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q, want one line with %q", err, want)
			}
		}
	}
	if err := now.Move(found); err != nil {
		t.Fatal(err)
	}
	if n := rows(t, fs); n != 1 {
		t.Errorf("%d rows are left of the refused store, want 1", n)
	}
}
