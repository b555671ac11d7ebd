package tables

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawFar draws ids that lie side by side, in clusters, or anywhere.
func drawFar(t *rapid.T) *rapid.Generator[int64] {
	span := rapid.SampledFrom([]int64{300, 1 << 20, 1 << 32, 1 << 40, math.MaxInt64}).Draw(t, "span")
	near := rapid.Int64Range(1, span)
	return rapid.OneOf(near, near, rapid.SampledFrom([]int64{1, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1<<53 + 1, math.MaxInt64}))
}

// The updates of a page always take the same way, through keys that are keys, and no two pages of one block of 256 part.
func TestRouteNeverChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := TitleTarget(Title{Wiki: "w", Namespace: 10, DBKey: "T"})
		row := &TargetRow{}
		row.Source("w").Width = uint8(rapid.IntRange(8, 16).Draw(t, "width"))
		went := map[int64]Target{}
		id := drawFar(t)
		for range rapid.IntRange(1, 200).Draw(t, "updates") {
			page := id.Draw(t, "page")
			s := row.Source("w")
			to := row.Route(key, s, page, false)
			data, err := TargetKeys().Encode(to)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := TargetKeys().Decode(data); err != nil || back != to || back.Row() != key {
				t.Fatalf("%s is read as %+v, %v", data, back, err)
			}
			if old, ok := went[page>>8]; ok && old != to {
				t.Fatalf("page %d went to %s, then to %s", page, old, to)
			}
			went[page>>8] = to
		}
		s := row.Source("w")
		var named []Target
		for i := range s.NumChunks() {
			named = append(named, s.ChunkAt(key, i))
		}
		for _, to := range went {
			if !slices.Contains(named, to) {
				t.Fatalf("%s is not among the chunks of the row", to)
			}
		}
		if len(named) > len(went) {
			t.Fatalf("%d chunks, %d were ever written to", len(named), len(went))
		}
	})
}

// Whatever the ids are, a row names so many chunks and takes so many bytes, and no more.
func TestRowIsBounded(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]int64{"side by side": 1 << 14, "every second": 1 << 15, "far apart": 1<<40 + 12345, "growing gaps": 0} {
		row := &TargetRow{}
		key := TitleTarget(Title{Wiki: "w", Namespace: 10, DBKey: "T"})
		wikis := []string{"a", "b", "c", "d"}
		for n := range int64(40_000) {
			s := row.Source(wikis[n%4])
			s.Width = 14
			page := 1 + n*step
			if step == 0 {
				page = 1 + n*n*(1<<14)
			}
			row.Route(key, s, page, false)
		}
		chunks := 0
		for i := range row.Sources {
			chunks += row.Sources[i].NumChunks()
		}
		data, err := DependentsRows().Encode(&DependentsRow{Target: row})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d chunks, %d bytes", name, chunks, len(data))
		if chunks > MaxChunks+4*Fork || len(data) > 40<<10 {
			t.Errorf("%s: %d chunks, %d bytes", name, chunks, len(data))
		}
	}
}

// The heaviest source goes first, and none where all is small.
func TestHeaviest(t *testing.T) {
	t.Parallel()
	row := &TargetRow{}
	size := func(s *SourceEdges) int { return s.Edges.Size() }
	for n := range int64(2000) {
		for i, wiki := range []string{"a", "b", "c"} {
			if int64(i) <= n%3 {
				row.Source(wiki).Edges.Apply(ChunkEdge{Page: n + 1, Type: LinkTemplate, Present: true, Hub: &Name{DBKey: strings.Repeat("x", 20)}})
			}
		}
		sum := 0
		for i := range row.Sources {
			sum += size(&row.Sources[i])
		}
		switch most := row.Heaviest(size); {
		case (most != nil) != (sum > RowBytes):
			t.Fatalf("%d bytes: %v", sum, most)
		case most != nil && most.Wiki != "a":
			t.Fatalf("%q is heaviest", most.Wiki)
		}
	}
}

// A chunk that is split shares its blocks of pages among all its buckets, at every level, and no blocks of pages go together for ever.
func TestBucketsPart(t *testing.T) {
	t.Parallel()
	key := TitleTarget(Title{Wiki: "w", Namespace: 10, DBKey: "T"})
	for name, step := range map[string]int64{"side by side": 1 << 8, "far apart": 1 << 40} {
		at, pages := key.RootOf("w"), []int64{}
		for n := range int64(100_000) {
			pages = append(pages, 1+n*step)
		}
		for level := 1; len(pages) > 1; level++ {
			if level > MaxLevel {
				t.Fatalf("%s: %v are in one bucket on every level", name, pages)
			}
			parts := map[int][]int64{}
			for _, page := range pages {
				n := at.Chunk.PartOf(page)
				parts[n] = append(parts[n], page)
			}
			if len(pages) > 1000 && len(parts) != Fork {
				t.Errorf("%s: level %d has %d parts", name, level, len(parts))
			}
			most := slices.MaxFunc(slices.Collect(maps.Keys(parts)), func(a, b int) int { return len(parts[a]) - len(parts[b]) })
			if len(pages) > 1000 && len(parts[most]) > len(pages)/8 {
				t.Errorf("%s: level %d: %d of %d pages are in one bucket", name, level, len(parts[most]), len(pages))
			}
			at, pages = at.Part(most), parts[most]
			if _, err := TargetKeys().Encode(at); err != nil {
				t.Error(fmt.Errorf("%s: %w", name, err))
			}
		}
	}
}
