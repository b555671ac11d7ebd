package processors_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/topology/topologytest"
)

// farIDs lie where numbers of 32 bits, and of the 53 of a float, end.
var farIDs = []int64{1, 255, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1<<32 + 7, 7, 1 << 40, 1<<53 - 1, 1<<53 + 1, 1 << 62, math.MaxInt64 - 1, math.MaxInt64}

// smallRows moves all that it can out of the rows of targets, and splits what is there.
var smallRows = processors.Options{InlineEdges: 1, WalkChunks: 1, ChunkWidth: 10, BucketEdges: 1, CascadeEntries: 2}

// A page's id is any number of 63 bits, through the row of a target and through all kinds of chunks.
func TestPageIDs(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]processors.Options{"in the row": {}, "in chunks": smallRows} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, o)
			const template = 1<<53 + 3
			b.page(1, template, "Template:T", nil)
			b.page(1, template+1, "Template:Mid", uses{fmt.Sprintf("Template:T@%d.%d", template, template)})
			want := []string{fmt.Sprintf("content Template:T: %d template 1", template+1)}
			for _, id := range farIDs {
				b.page(2, id, fmt.Sprintf("P%d", id), uses{fmt.Sprintf("Template:T@%d.%d", template, template)})
				want = append(want, fmt.Sprintf("content Template:T: %d template 1", id))
			}
			b.requests()
			b.edit(5, template, "Template:T", template+10, "other", nil)
			b.expect("the change", want...)
			// 2^32+7 is no longer a user, and 7 still is one; what comes late is asked for by its own id.
			b.render(6, 1<<32+7, "P4294967303", 1<<32+7, "", nil)
			b.page(3, math.MaxInt64-300, "Late", uses{fmt.Sprintf("Template:T@%d.%d", template, template)})
			late := fmt.Sprintf("content Template:T: %d template 1", int64(math.MaxInt64-300))
			b.expect("a late link", late)
			b.edit(9, template, "Template:T", math.MaxInt64, "third", nil)
			want = slices.DeleteFunc(append(want, late), func(s string) bool { return s == "content Template:T: 4294967303 template 1" })
			b.expect("the next change", want...)
			b.loads("Template:T", len(farIDs)+1)
		})
	}
}

// loads counts the users of a title as whoever reads the table does.
func (b *bench) loads(title string, want int) {
	b.t.Helper()
	ix := index{}
	for _, e := range topologytest.Rows(b.driver, tables.Dependents) {
		ix[e.Key] = e.Value
	}
	key := tables.TitleTarget(tables.Title{Wiki: wiki, Namespace: namespace(title), DBKey: unprefixed(title)})
	u, _, err := dependents.Load(ix, key)
	if err != nil || u.Len() != want {
		b.t.Errorf("%d users of %s, %v; want %d", u.Len(), title, err, want)
	}
	for t, set := range u.Sources[0].Edges.Sets() {
		if !slices.IsSorted(set) {
			b.t.Errorf("%s links are not in order: %v", t, set)
		}
	}
}

// Users far apart, as of generated ids, are in few chunks, and the row of their target does not grow with them.
func TestSparseUsers(t *testing.T) {
	t.Parallel()
	o := processors.Options{InlineEdges: 16, BucketEdges: 40}
	b := setup(t, o)
	b.page(1, 1, "Template:T", nil)
	r := rand.New(rand.NewPCG(3, 4))
	var want []string
	ids := []int64{}
	for range 1500 {
		ids = append(ids, 2+r.Int64N(1<<40))
	}
	for i, id := range ids {
		b.page(2, id, fmt.Sprintf("P%d", id), uses{"Template:T@1.1"})
		if i%3 == 0 {
			b.render(3, ids[i/2], fmt.Sprintf("P%d", ids[i/2]), ids[i/2], "", nil)
			ids[i/2] = -ids[i/2]
		}
	}
	for _, id := range ids {
		if id > 0 {
			want = append(want, fmt.Sprintf("content Template:T: %d template 1", id))
		}
	}
	b.requests()
	b.edit(5, 1, "Template:T", 10, "other", nil)
	b.expect("the change", want...)
	b.loads("Template:T", len(want))
	chunks, links, row := 0, 0, 0
	for _, e := range topologytest.Rows(b.driver, tables.Dependents) {
		switch v := e.Value; {
		case v.Chunk != nil:
			chunks++
			links += v.Chunk.Edges.Len()
			if n := v.Chunk.Edges.Len(); e.Key.Chunk.Level > 0 && n > o.BucketEdges {
				t.Errorf("chunk %s has %d links", e.Key, n)
			}
		case v.Target != nil && len(v.Target.Sources) > 0:
			data, err := tables.DependentsRows().Encode(v)
			if err != nil {
				t.Fatal(err)
			}
			if s := v.Target.Sources[0]; s.NumChunks() > 24 {
				t.Errorf("row %s names %d chunks", e.Key, s.NumChunks())
			}
			row = max(row, len(data))
		}
	}
	t.Logf("%d users in %d chunks, the largest row %d bytes", links, chunks, row)
	if chunks == 0 || links/chunks < 3 {
		t.Errorf("%d links in %d chunks", links, chunks)
	}
}

// A range whose hubs have long names is split, and its pages are asked as before; so is a row whose links come from many wikis.
func TestLongNames(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{InlineEdges: 1000})
	b.page(1, 1, "Template:T", nil)
	var want []string
	var all uses
	name := func(id int64) string { return fmt.Sprintf("Template:%d_%s", id, strings.Repeat("n", 240)) }
	for id := int64(2); id < 600; id++ {
		b.page(2, id, name(id), uses{"Template:T@1.1"}, direct)
		all = append(all, fmt.Sprintf("%s@%d.%d", name(id), id, id))
		want = append(want, fmt.Sprintf("content Template:T: %d template 1", id))
	}
	b.page(2, 9000, "Reader", all, direct)
	b.edit(5, 1, "Template:T", 10, "other", nil, direct)
	b.expect("the change", append(want, "content Template:T: 9000 template 2")...)
	b.loads("Template:T", len(want))
	split, size := 0, 0
	for _, e := range topologytest.Rows(b.driver, tables.Dependents) {
		if len(e.Value.Parts) > 0 {
			split++
		}
		data, err := tables.DependentsRows().Encode(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		size = max(size, len(data))
	}
	if split == 0 || size > 2*tables.ChunkBytes {
		t.Errorf("%d chunks are split, the largest row has %d bytes", split, size)
	}
}
