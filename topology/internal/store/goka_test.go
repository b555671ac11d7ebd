package store

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/lovoo/goka/storage"
)

const notStored = -3 // what goka passes as the default offset

func gokaOn(t *testing.T, db *DB, load func(context.Context) error) (storage.Storage, *Table) {
	t.Helper()
	tab := table(t, db, "p/join/x/0")
	st := Goka(tab, load)
	if err := st.Open(); err != nil {
		t.Fatal(err)
	}
	return st, tab
}

func gokaOffset(t *testing.T, st storage.Storage) int64 {
	t.Helper()
	offset, err := st.GetOffset(notStored)
	if err != nil {
		t.Fatal(err)
	}
	return offset
}

func TestReplicationMovesTheOffset(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		st, tab := gokaOn(t, db, nil)
		if got := gokaOffset(t, st); got != notStored {
			t.Errorf("offset of a new table %d", got)
		}
		// The first record of a topic, a write: offset 0.
		if err := errors.Join(st.Set("k", []byte("v")), st.SetOffset(0)); err != nil {
			t.Fatal(err)
		}
		if next, ok, _ := tab.Offset(); next != 1 || !ok || gokaOffset(t, st) != 0 {
			t.Errorf("after the record at offset 0 the next is %d, %t; goka reads %d", next, ok, gokaOffset(t, st))
		}
		// A delete moves it too.
		if err := errors.Join(st.Delete("k"), st.SetOffset(1)); err != nil {
			t.Fatal(err)
		}
		if next, _, _ := tab.Offset(); next != 2 {
			t.Errorf("after a delete at offset 1 the next is %d", next)
		}
		if ok, err := st.Has("k"); ok || err != nil {
			t.Errorf("deleted row is there (%v)", err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestReplicatedRowsAreReadableAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		st, tab := gokaOn(t, db, nil)
		put(t, tab, "old", "1")
		if err := errors.Join(st.Set("k", []byte("v")), st.Delete("old")); err != nil {
			t.Fatal(err)
		}
		if v, err := st.Get("k"); string(v) != "v" || err != nil {
			t.Errorf("Get before the offset: %q, %v", v, err)
		}
		if v, err := st.Get("old"); v != nil || err != nil {
			t.Errorf("deleted row before the offset: %q, %v", v, err)
		}
		if _, ok, _ := tab.Get([]byte("k")); ok {
			t.Error("the row is in the table before its offset is")
		}
		if err := st.SetOffset(5); err != nil {
			t.Fatal(err)
		}
		if v, _, _ := tab.Get([]byte("k")); string(v) != "v" {
			t.Errorf("the table has %q", v)
		}
		if err := errors.Join(st.Set("z", nil), st.Close(), st.Close()); err != nil {
			t.Fatal(err)
		}
		if ok, _ := tab.Has([]byte("z")); !ok {
			t.Error("Close dropped what was pending")
		}
		if err := st.Set("late", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Set after Close: %v", err)
		}
		if err := st.MarkRecovered(); !errors.Is(err, ErrClosed) {
			t.Errorf("MarkRecovered after Close: %v", err)
		}
	})
}

func TestGokaIterators(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		st, _ := gokaOn(t, db, nil)
		for _, k := range []string{"a", "b", "c", "d"} {
			if err := st.Set(k, []byte(k)); err != nil {
				t.Fatal(err)
			}
		}
		read := func(it storage.Iterator, err error) []string {
			if err != nil {
				t.Fatal(err)
			}
			defer it.Release()
			var keys []string
			for it.Next() {
				keys = append(keys, string(it.Key()))
			}
			if it.Err() != nil {
				t.Fatal(it.Err())
			}
			return keys
		}
		if got := read(st.Iterator()); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Errorf("all: %q", got)
		}
		if got := read(st.IteratorWithRange([]byte("b"), []byte("d"))); !slices.Equal(got, []string{"b", "c"}) {
			t.Errorf("the limit is not excluded: %q", got)
		}
		it, err := st.Iterator()
		if err != nil || !it.Next() {
			t.Fatal("no row", err)
		}
		if !it.Seek([]byte("bb")) || !it.Next() || string(it.Key()) != "c" {
			t.Errorf("after Seek(bb) at %q", it.Key())
		}
		if it.Seek([]byte("e")) {
			t.Error("Seek behind the end found a row")
		}
		it.Release()
	})
}

func TestCloseCancelsTheLoad(t *testing.T) {
	t.Parallel()
	db := OpenMemory()
	defer db.Close()
	began := make(chan struct{})
	st := Goka(table(t, db, "t"), func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	})
	opened := make(chan error, 1)
	go func() { opened <- st.Open() }()
	<-began
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; !errors.Is(err, context.Canceled) {
		t.Errorf("Open returned %v", err)
	}
}
