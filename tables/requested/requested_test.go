package requested_test

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/requested"
	"github.com/eddystream/eddy/topology"
)

// table is a table in the order of its encoded keys.
type table[K comparable, V any] struct {
	codec codecs.Codec[K]
	rows  map[K]V
	fails map[K]bool // cannot be decoded
}

func (t table[K, V]) encoded(key K) string {
	data, err := t.codec.Encode(key)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func (t table[K, V]) Get(key K) (V, bool, error) {
	v, ok := t.rows[key]
	return v, ok, nil
}

func (t table[K, V]) Prefix(prefix []byte) iter.Seq2[topology.Entry[K, V], error] {
	return func(yield func(topology.Entry[K, V], error) bool) {
		keys := slices.SortedFunc(maps.Keys(t.rows), func(a, b K) int { return cmp.Compare(t.encoded(a), t.encoded(b)) })
		for _, key := range keys {
			if !strings.HasPrefix(t.encoded(key), string(prefix)) {
				continue
			}
			e, err := topology.Entry[K, V]{Key: key, Value: t.rows[key]}, error(nil)
			if t.fails[key] {
				e, err = topology.Entry[K, V]{}, topology.ErrDecode
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Chunks come once each, in order, with what is in either layout; and each is what is loaded by itself.
func TestChunksOfBothLayouts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := table[tables.PageKey, *tables.RequestRow]{codec: tables.PageKeys(), rows: map[tables.PageKey]*tables.RequestRow{}}
		parts := table[tables.RequestPartKey, *tables.RequestPart]{
			codec: tables.RequestPartKeys(), rows: map[tables.RequestPartKey]*tables.RequestPart{}, fails: map[tables.RequestPartKey]bool{},
		}
		want := map[string]*requested.Chunk{}
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			key := tables.PageKey{Wiki: rapid.SampledFrom([]string{"w", "wx"}).Draw(t, "wiki"), ID: rapid.SampledFrom([]int64{0, 256, 1024, 10240}).Draw(t, "chunk")}
			c := want[key.String()]
			if c == nil {
				c = &requested.Chunk{Key: key}
				want[key.String()] = c
			}
			offset := byte(rapid.IntRange(0, 2).Draw(t, "offset"))
			id := tables.CascadeID(fmt.Sprintf("%016x", rapid.IntRange(0, 3).Draw(t, "cascade")))
			set := tables.Bits{1 << offset}
			whole := rows.rows[key]
			if whole == nil {
				whole = &tables.RequestRow{}
			}
			known := slices.ContainsFunc(c.Cascades, func(o requested.Cascade) bool { return o.ID == id })
			switch what := rapid.SampledFrom([]string{"whole page", "whole cascade", "page", "open", "ended"}).Draw(t, "what"); {
			case what == "whole page":
				whole.Put(offset).Start = 1
				rows.rows[key] = whole
				if c.Page(offset) == nil {
					c.Pages = append(c.Pages, tables.PageRender{Offset: int32(offset), Start: 1})
				}
			case what == "page": // goes before the other
				page := tables.PageRender{Offset: int32(offset), Start: 2}
				parts.rows[tables.PagePart(key, offset)] = &tables.RequestPart{Page: &page}
				c.Pages = append(slices.DeleteFunc(c.Pages, func(p tables.PageRender) bool { return p.Offset == int32(offset) }), page)
			case known:
			case what == "whole cascade":
				whole.Cascade(tables.Cascade{ID: id}, 1).Asked = set
				rows.rows[key] = whole
				c.Cascades = append(c.Cascades, requested.Cascade{ID: id, Of: &tables.Cascade{ID: id}, Asked: set})
			case what == "open":
				asked := &tables.RequestPart{Asked: &tables.AskedPages{Asked: tables.PageSetOf(set)}}
				parts.rows[tables.OpenPart(key, id)] = asked
				parts.rows[tables.EndedPart(key, id)] = asked // from before a crash
				c.Cascades = append(c.Cascades, requested.Cascade{ID: id, Asked: set, Outstanding: set})
			case what == "ended":
				parts.rows[tables.EndedPart(key, id)] = &tables.RequestPart{Asked: &tables.AskedPages{Asked: tables.PageSetOf(set)}}
				c.Cascades = append(c.Cascades, requested.Cascade{ID: id, Closed: true, Asked: set})
			}
			if len(c.Pages)+len(c.Cascades) == 0 {
				delete(want, key.String())
			}
		}
		all := requested.Tables{Rows: rows, Parts: parts}
		var got []*requested.Chunk
		for c, err := range all.All("w:") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c)
		}
		var list []*requested.Chunk
		for _, text := range slices.Sorted(maps.Keys(want)) {
			c := want[text]
			slices.SortFunc(c.Pages, func(a, b tables.PageRender) int { return cmp.Compare(a.Offset, b.Offset) })
			slices.SortFunc(c.Cascades, func(a, b requested.Cascade) int { return cmp.Compare(a.ID, b.ID) })
			if loaded, err := all.Load(c.Key); err != nil || !gocmp.Equal(loaded, c) {
				t.Fatalf("loaded (%v):\n%s", err, gocmp.Diff(c, loaded))
			}
			if c.Key.Wiki == "w" {
				list = append(list, c)
			}
		}
		if diff := gocmp.Diff(list, got); diff != "" {
			t.Fatal(diff)
		}
		for key := range parts.rows {
			parts.fails[key] = true
		}
		broken := 0
		for _, err := range all.All("") {
			if err != nil {
				broken++
			}
		}
		if broken != len(parts.rows) {
			t.Fatalf("%d rows cannot be decoded, want %d", broken, len(parts.rows))
		}
	})
}
