package tables

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawLinks(t *rapid.T) []Link {
	links := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Link {
		return Link{
			Type: LinkType(rapid.IntRange(0, 7).Draw(t, "type")), Namespace: rapid.Int32Range(0, 2).Draw(t, "namespace"),
			Text: strings.Repeat("x", rapid.IntRange(0, 300).Draw(t, "length")) + strconv.Itoa(rapid.IntRange(0, 999).Draw(t, "text")),
			Page: rapid.Int64Range(0, 3).Draw(t, "page"), Rev: rapid.Int64Range(0, 3).Draw(t, "rev"), PageOnly: rapid.Bool().Draw(t, "only"),
		}
	}), 0, 200).Draw(t, "links")
	slices.SortFunc(links, Link.Compare)
	return slices.CompactFunc(links, func(a, b Link) bool { return a.Compare(b) == 0 })
}

// However many links there are, in parts they are the same, no part is larger than it may be, and there are no more than there have to be, by a factor.
func TestPartsOfLinks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &RenderState{Links: drawLinks(t)}
		room := rapid.IntRange(1, 4000).Draw(t, "room")
		row := &LinksRow{Render: &RenderState{}}
		parts, total := map[int64]*LinksPart{}, 0
		var list []Link
		for _, p := range s.Split(room) {
			size := 0
			for _, l := range p.Links {
				size += l.size()
			}
			data, err := LinksPartRows.Encode(p)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Links) == 0 || size > room && len(p.Links) > 1 || len(data) > size+40 {
				t.Fatalf("a part of %d links has %d bytes, %d as it is written, and there is room for %d", len(p.Links), size, len(data), room)
			}
			total += size
			list = append(list, p.Links...)
			row.Render.Parts = append(row.Render.Parts, p.Name())
			parts[p.Name()] = p
		}
		if !slices.Equal(list, s.Links) {
			t.Fatalf("%d links in parts, %d in all", len(list), len(s.Links))
		}
		if most := 1 + min(8*total/room, len(list)); len(row.Render.Parts) > most {
			t.Fatalf("%d parts of %d bytes each for %d bytes", len(row.Render.Parts), room, total)
		}
		get := func(name int64) (*LinksPart, bool, error) {
			p, ok := parts[name]
			return p, ok, nil
		}
		filled, whole, err := row.Fill(get)
		if err != nil || !whole || !slices.Equal(filled.Render.Links, s.Links) || row.Render.Links != nil {
			t.Fatalf("filled: %t, %v", whole, err)
		}
		if n := len(row.Render.Parts); n > 0 {
			delete(parts, row.Render.Parts[rapid.IntRange(0, n-1).Draw(t, "gone")])
			if filled, whole, err := row.Fill(get); err != nil || whole || len(filled.Render.Links) >= len(s.Links) {
				t.Fatalf("a part is gone: %t, %v", whole, err)
			}
		}
	})
}

// A link more or less changes few parts.
func TestPartsOfLinksStay(t *testing.T) {
	t.Parallel()
	s := &RenderState{}
	for i := range 40_000 {
		s.Links = append(s.Links, Link{Type: LinkPage, Text: fmt.Sprintf("Some_page_%05d", 2*i)})
	}
	names := func() map[int64]bool {
		set := map[int64]bool{}
		for _, p := range s.Split(LinksBytes) {
			set[p.Name()] = true
		}
		return set
	}
	before := names()
	for i, l := range s.Links {
		if i%4_000 != 100 {
			continue
		}
		s.Links = slices.Insert(slices.Clone(s.Links), i, Link{Type: LinkPage, Text: l.Text[:len(l.Text)-1]})
		after, fresh := names(), 0
		for name := range after {
			if !before[name] {
				fresh++
			}
		}
		if fresh > len(after)/4 {
			t.Errorf("a link at %d changes %d of %d parts", i, fresh, len(after))
		}
		before = after
	}
}
