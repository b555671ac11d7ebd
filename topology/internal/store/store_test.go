package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backends are what the contract is tested on.
var backends = map[string]func(t testing.TB) *DB{
	"memory": func(testing.TB) *DB { return OpenMemory() },
	"pebble": func(t testing.TB) *DB {
		db, err := Open(Options{Dir: "store", fs: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		return db
	},
}

// onEach runs test on a new store of every back end, which is closed at the end.
func onEach(t *testing.T, test func(t *testing.T, db *DB)) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			test(t, db)
			if err := db.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

func table(t testing.TB, db *DB, name string) *Table {
	t.Helper()
	tab, err := db.Table(name)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func put(t testing.TB, tab *Table, pairs ...string) {
	t.Helper()
	b := tab.DB().Batch()
	for i := 0; i < len(pairs); i += 2 {
		b.Set(tab, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
}

// collect returns "key=value" of each row, and the error that ended the iteration.
func collect(rows func(func(Row, error) bool)) (got []string, err error) {
	for row, err := range rows {
		if err != nil {
			return got, err
		}
		got = append(got, fmt.Sprintf("%s=%s", row.Key, row.Value))
	}
	return got, nil
}

func TestRowsOfTablesAreApart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		a, b := table(t, db, "p/own/x/0"), table(t, db, "p/join/x/0")
		put(t, a, "k", "a", "", "empty key", "nil value", "")
		put(t, b, "k", "b")
		if again := table(t, db, "p/own/x/0"); again != a {
			t.Error("equal names give different handles")
		}
		for _, want := range []struct {
			tab        *Table
			key, value string
			ok         bool
		}{
			{a, "k", "a", true},
			{b, "k", "b", true},
			{a, "", "empty key", true},
			{b, "", "", false},
			{a, "nil value", "", true},
			{a, "absent", "", false},
		} {
			value, ok, err := want.tab.Get([]byte(want.key))
			if err != nil || ok != want.ok || string(value) != want.value || ok && value == nil {
				t.Errorf("Get(%s, %q) = %q, %t, %v", want.tab.Name(), want.key, value, ok, err)
			}
			if has, err := want.tab.Has([]byte(want.key)); err != nil || has != want.ok {
				t.Errorf("Has(%s, %q) = %t, %v", want.tab.Name(), want.key, has, err)
			}
		}
		if err := a.Clear(); err != nil {
			t.Fatal(err)
		}
		if n, err := a.Count(); n != 0 || err != nil {
			t.Errorf("%d rows after Clear, %v", n, err)
		}
		if n, err := b.Count(); n != 1 || err != nil {
			t.Errorf("%d rows of the other table, want 1, %v", n, err)
		}
	})
}

func TestValuesAreTheCallers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		tab := table(t, db, "t")
		key, value := []byte("k"), []byte("v")
		b := db.Batch()
		b.Set(tab, key, value)
		key[0], value[0] = 'x', 'x'
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
		got, _, _ := tab.Get([]byte("k"))
		got[0] = 'y'
		if again, _, _ := tab.Get([]byte("k")); string(again) != "v" {
			t.Errorf("the stored value became %q", again)
		}
	})
}

func TestIterationOrderAndBounds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		before, tab, behind := table(t, db, "1"), table(t, db, "2"), table(t, db, "3")
		put(t, before, "z", "no")
		put(t, behind, "", "no", "a", "no")
		put(t, tab, "b", "2", "a", "1", "ab", "1b", "c", "3", "\xff\xff", "last", "\xff", "ff")
		for _, c := range []struct {
			name string
			rows func(func(Row, error) bool)
			want []string
		}{
			{"all", tab.Range(nil, nil), []string{"a=1", "ab=1b", "b=2", "c=3", "\xff=ff", "\xff\xff=last"}},
			{"the limit is excluded", tab.Range([]byte("ab"), []byte("c")), []string{"ab=1b", "b=2"}},
			{"empty limit", tab.Range(nil, []byte{}), nil},
			{"inverted", tab.Range([]byte("c"), []byte("a")), nil},
			{"prefix", tab.Prefix([]byte("a")), []string{"a=1", "ab=1b"}},
			{"prefix without end", tab.Prefix([]byte("\xff")), []string{"\xff=ff", "\xff\xff=last"}},
			{"no prefix", tab.Prefix(nil), []string{"a=1", "ab=1b", "b=2", "c=3", "\xff=ff", "\xff\xff=last"}},
			{"reverse", tab.Reverse([]byte("ab"), []byte("c")), []string{"b=2", "ab=1b"}},
			{"reverse all", tab.Reverse(nil, nil), []string{"\xff\xff=last", "\xff=ff", "c=3", "b=2", "ab=1b", "a=1"}},
		} {
			got, err := collect(c.rows)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
	})
}

func TestIterationSeesItsStart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		tab := table(t, db, "t")
		put(t, tab, "a", "1", "b", "1", "c", "1")
		var got []string
		for row, err := range tab.Range(nil, nil) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(row.Key)+string(row.Value))
			put(t, tab, "b", "2", "bb", "2")
		}
		if diff := cmp.Diff([]string{"a1", "b1", "c1"}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestOffsetAndIdentityAreNoRows(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		tab := table(t, db, "t")
		put(t, tab, "__offset", "a user's row")
		if _, ok, err := tab.Offset(); ok || err != nil {
			t.Errorf("a new table has an offset, or %v", err)
		}
		asOf := time.UnixMilli(1_700_000_000_123)
		id := Identity{Cluster: "c", Topic: "topic id"}
		b := db.Batch()
		b.SetProgress(tab, Progress{AsOf: asOf})
		b.SetIdentity(tab, id)
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
		if next, ok, err := tab.Offset(); next != 0 || !ok || err != nil {
			t.Errorf("Offset = %d, %t, %v; want 0, true", next, ok, err)
		}
		if p, _, err := tab.Progress(); p != (Progress{AsOf: asOf}) || err != nil {
			t.Errorf("Progress = %+v, %v", p, err)
		}
		if got, err := tab.Identity(); got != id || err != nil {
			t.Errorf("Identity = %+v, %v", got, err)
		}
		rows, err := collect(tab.Range(nil, nil))
		if diff := cmp.Diff([]string{"__offset=a user's row"}, rows); diff != "" || err != nil {
			t.Errorf("rows: %v\n%s", err, diff)
		}
		b = db.Batch()
		b.Clear(tab)
		b.Set(tab, []byte("new"), nil)
		b.SetProgress(tab, Progress{Next: 7})
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
		if next, _, _ := tab.Offset(); next != 7 {
			t.Errorf("offset %d after a clear with writes behind it, want 7", next)
		}
		if got, _ := tab.Identity(); got != (Identity{}) {
			t.Errorf("identity %+v after a clear", got)
		}
		if n, _ := tab.Count(); n != 1 {
			t.Errorf("%d rows after a clear with one write behind it", n)
		}
	})
}

func TestBatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		tab := table(t, db, "t")
		b := db.Batch()
		b.Set(tab, []byte("a"), []byte("1"))
		if _, ok, _ := tab.Get([]byte("a")); ok {
			t.Error("a row is readable before its batch is committed")
		}
		b.Discard()
		other := OpenMemory()
		defer other.Close()
		b = db.Batch()
		b.Set(tab, []byte("a"), []byte("1"))
		b.Set(table(t, other, "foreign"), []byte("b"), nil)
		if err := b.Commit(); err == nil {
			t.Error("a batch with a table of another store was committed")
		}
		if n, _ := tab.Count(); n != 0 {
			t.Errorf("%d rows of batches that were not committed", n)
		}
		b = db.Batch()
		b.Set(tab, []byte("a"), []byte("1"))
		b.Delete(tab, []byte("a"))
		b.Set(tab, []byte("b"), []byte("1"))
		if b.Len() != 3 || b.Size() == 0 {
			t.Errorf("Len %d, Size %d", b.Len(), b.Size())
		}
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
		if rows, _ := collect(tab.Range(nil, nil)); len(rows) != 1 || rows[0] != "b=1" {
			t.Errorf("rows %q: the order within the batch was not kept", rows)
		}
	})
}

func TestClosedStoreRefuses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *DB) {
		tab := table(t, db, "t")
		put(t, tab, "a", "1", "b", "2")
		b := db.Batch()
		b.Set(tab, []byte("c"), nil)

		closed := make(chan error, 1)
		var seen []error
		for _, err := range tab.Range(nil, nil) {
			if seen = append(seen, err); len(seen) > 1 {
				break
			}
			// Close waits for this iteration, which ends with ErrClosed at its next step.
			go func() { closed <- db.Close() }()
			for !db.gate.closed() {
				<-time.After(time.Microsecond)
			}
		}
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		if len(seen) != 2 || seen[0] != nil || !errors.Is(seen[1], ErrClosed) {
			t.Errorf("iteration over a store that is closed gave the errors %v", seen)
		}
		_, _, getErr := tab.Get([]byte("a"))
		_, hasErr := tab.Has([]byte("a"))
		_, tableErr := db.Table("new")
		_, rangeErr := collect(tab.Range(nil, nil))
		for name, err := range map[string]error{
			"Get": getErr, "Has": hasErr, "Table": tableErr, "Range": rangeErr, "Commit": b.Commit(), "Flush": db.Flush(), "Clear": tab.Clear(),
		} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("%s after Close: %v", name, err)
			}
		}
	})
}

func FuzzIdentity(f *testing.F) {
	f.Add(encodeIdentity(Identity{Cluster: "c", Topic: "t"}))
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		id, err := decodeIdentity(data)
		if err != nil {
			return
		}
		again, err := decodeIdentity(encodeIdentity(id))
		if err != nil || again != id {
			t.Errorf("%+v became %+v, %v", id, again, err)
		}
	})
}
