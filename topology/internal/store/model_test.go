package store

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is what a table is: a map and an offset.
type model struct {
	rows   map[string]string
	offset int64
	known  bool
}

// TestTablesAreMaps does random batches on both back ends and on maps, and compares whole contents and random ranges.
func TestTablesAreMaps(t *testing.T) {
	t.Parallel()
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				db := open(t)
				defer db.Close()
				names := []string{"a", "b", "ab"}
				models := map[string]*model{}
				for _, n := range names {
					models[n] = &model{rows: map[string]string{}}
				}
				key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 'b', 0xfe, 0xff}), 0, 3)
				for range rapid.IntRange(1, 12).Draw(rt, "batches") {
					b := db.Batch()
					for range rapid.IntRange(1, 12).Draw(rt, "writes") {
						n := rapid.SampledFrom(names).Draw(rt, "table")
						tab, m := table(t, db, n), models[n]
						switch rapid.IntRange(0, 9).Draw(rt, "op") {
						case 0:
							b.Clear(tab)
							*m = model{rows: map[string]string{}}
						case 1, 2, 3:
							k := key.Draw(rt, "key")
							b.Delete(tab, k)
							delete(m.rows, string(k))
						case 4:
							m.offset, m.known = rapid.Int64().Draw(rt, "offset"), true
							b.SetProgress(tab, Progress{Next: m.offset})
						default:
							k, v := key.Draw(rt, "key"), key.Draw(rt, "value")
							b.Set(tab, k, v)
							m.rows[string(k)] = string(v)
						}
					}
					if err := b.Commit(); err != nil {
						rt.Fatal(err)
					}
					if rapid.IntRange(0, 5).Draw(rt, "flush") == 0 {
						if err := db.Flush(); err != nil {
							rt.Fatal(err)
						}
					}
				}
				for _, n := range names {
					compare(rt, table(t, db, n), models[n], key)
				}
			})
		})
	}
}

func compare(rt *rapid.T, tab *Table, m *model, key *rapid.Generator[[]byte]) {
	if offset, ok, err := tab.Offset(); offset != m.offset || ok != m.known || err != nil {
		rt.Fatalf("table %s: offset %d, %t, %v; want %d, %t", tab.Name(), offset, ok, err, m.offset, m.known)
	}
	from, to := key.Draw(rt, "from"), key.Draw(rt, "to")
	in := func(k string) bool { return cmp.Compare(k, string(from)) >= 0 && cmp.Compare(k, string(to)) < 0 }
	var want []string
	for _, k := range slices.Sorted(maps.Keys(m.rows)) {
		value, ok, err := tab.Get([]byte(k))
		if !ok || err != nil || string(value) != m.rows[k] {
			rt.Fatalf("table %s: Get(%q) = %q, %t, %v; want %q", tab.Name(), k, value, ok, err, m.rows[k])
		}
		if in(k) {
			want = append(want, k+"="+m.rows[k])
		}
	}
	if n, err := tab.Count(); n != len(m.rows) || err != nil {
		rt.Fatalf("table %s: %d rows, %v; want %d", tab.Name(), n, err, len(m.rows))
	}
	got, err := collect(tab.Range(from, to))
	if err != nil || !slices.Equal(got, want) {
		rt.Fatalf("table %s: Range(%q, %q) = %q, %v; want %q", tab.Name(), from, to, got, err, want)
	}
	slices.Reverse(want)
	if got, err := collect(tab.Reverse(from, to)); err != nil || !slices.Equal(got, want) {
		rt.Fatalf("table %s: Reverse(%q, %q) = %q, %v; want %q", tab.Name(), from, to, got, err, want)
	}
	keys := slices.SortedFunc(slices.Values(rapid.SliceOfN(key, 0, 12).Draw(rt, "keys")), bytes.Compare)
	read := 0
	if err := tab.GetMany(keys, func(i int, value []byte, ok bool) error {
		if want, there := m.rows[string(keys[i])]; i != read || ok != there || string(value) != want || ok && value == nil {
			rt.Fatalf("table %s: GetMany of %q = %q, %t; want %q, %t", tab.Name(), keys[i], value, ok, want, there)
		}
		read++
		return nil
	}); err != nil || read != len(keys) {
		rt.Fatalf("table %s: GetMany of %d keys: %d, %v", tab.Name(), len(keys), read, err)
	}
	prefix := key.Draw(rt, "prefix")
	n := 0
	for k := range m.rows {
		if bytes.HasPrefix([]byte(k), prefix) {
			n++
		}
	}
	if got, err := collect(tab.Prefix(prefix)); err != nil || len(got) != n {
		rt.Fatalf("table %s: Prefix(%q) has %d rows, %v; want %d", tab.Name(), prefix, len(got), err, n)
	}
}
