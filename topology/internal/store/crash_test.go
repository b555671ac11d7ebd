package store

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCrashLeavesAPrefixOfCommits crashes a store in the middle of its work, with a random part of what was not yet
// synchronised lost. In what is left every table's rows and offset must be those of the same commit.
func TestCrashLeavesAPrefixOfCommits(t *testing.T) {
	t.Parallel()
	const commits = 200
	lost, flushed := 0, 0
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		fs := vfs.NewCrashableMem()
		db, err := Open(Options{Dir: "store", fs: fs})
		if err != nil {
			t.Fatal(err)
		}
		a, b := table(t, db, "a"), table(t, db, "b")
		durable := 0
		crashAt := 1 + rng.IntN(commits)
		for n := 1; n <= crashAt; n++ {
			// Commit n writes the value n to a few rows of both tables, and the offset n.
			batch := db.Batch()
			for _, tab := range []*Table{a, b} {
				for i := range 4 {
					batch.Set(tab, []byte{byte(i)}, binary.BigEndian.AppendUint64(nil, uint64(n)))
				}
				batch.Set(tab, binary.BigEndian.AppendUint64([]byte("row"), uint64(n)), nil)
				batch.SetProgress(tab, Progress{Next: int64(n)})
			}
			if err := batch.Commit(); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(40) == 0 {
				if err := db.Flush(); err != nil {
					t.Fatal(err)
				}
				durable = n
			}
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed) * 14, RNG: rand.New(rand.NewPCG(seed, 2))})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		n := checkCrashed(t, crashed)
		if n < durable || n > crashAt {
			t.Errorf("seed %d: %d of %d commits are left, of which %d were flushed", seed, n, crashAt, durable)
		}
		if n < crashAt {
			lost++
		}
		if n > 0 {
			flushed++
		}
	}
	if lost == 0 || flushed == 0 {
		t.Errorf("of the crashes %d lost something and %d left something: nothing was tested", lost, flushed)
	}
}

// checkCrashed checks a crashed store and returns the number of its commits.
func checkCrashed(t *testing.T, fs vfs.FS) int {
	t.Helper()
	db, err := Open(Options{Dir: "store", fs: fs})
	if err != nil {
		t.Fatalf("a crashed store does not open: %v", err)
	}
	defer db.Close()
	var offsets []int64
	for _, name := range []string{"a", "b"} {
		tab := table(t, db, name)
		offset, _, err := tab.Offset()
		if err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, offset)
		for i := range 4 {
			value, ok, err := tab.Get([]byte{byte(i)})
			if err != nil {
				t.Fatal(err)
			}
			if ok != (offset > 0) || ok && int64(binary.BigEndian.Uint64(value)) != offset {
				t.Errorf("table %s: row %d is of commit %x, the offset of %d", name, i, value, offset)
			}
		}
		want := int(offset)
		if offset > 0 {
			want += 4
		}
		if n, err := tab.Count(); n != want || err != nil {
			t.Errorf("table %s: %d rows, %v; want %d at offset %d", name, n, err, want, offset)
		}
	}
	if offsets[0] != offsets[1] {
		t.Errorf("tables written by the same commits are at %d and %d", offsets[0], offsets[1])
	}
	return int(offsets[0])
}

func TestReopenedStoreHasItsTables(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	db, err := Open(Options{Dir: "store", fs: fs})
	if err != nil {
		t.Fatal(err)
	}
	put(t, table(t, db, "a"), "k", "a")
	put(t, table(t, db, "b"), "k", "b")
	if _, err := Open(Options{Dir: "store", fs: fs}); err == nil {
		t.Error("a store that is open was opened again")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, err = Open(Options{Dir: "store", fs: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	put(t, table(t, db, "c"), "k", "c") // a new id, not one given before
	for _, name := range []string{"a", "b", "c"} {
		if value, ok, err := table(t, db, name).Get([]byte("k")); string(value) != name || !ok || err != nil {
			t.Errorf("table %s: %q, %t, %v", name, value, ok, err)
		}
	}
}
