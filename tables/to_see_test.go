package tables

import (
	"math"
	"testing"
)

// What is to be seen of a change says what its cascade does, in few bytes; and whatever stands in its place is no danger.
func TestToSee(t *testing.T) {
	t.Parallel()
	chunk := PageKey{Wiki: "enwiki", ID: 256}
	for _, kind := range []ChangeKind{ChangeCreate, ChangeDelete, ChangeUndelete, ChangeMove, ChangeRedirect, ChangeContent, ChangeFile} {
		for _, page := range []int64{NoPage, 0, 5, 300, math.MaxInt64} {
			c := &Cascade{Kind: kind, Wiki: "enwiki", Root: Name{Namespace: 10, DBKey: "Infobox"}, Rev: 1_234_567_890, Order: 15, Page: page}
			s := ToSeeOf(c, chunk)
			if root, order, known := s.Root(); !known || root != RootOf(c.RootTitle()) || order != 15 || len(s) > 14 {
				t.Errorf("%s of %d: root %x, order %d, %t, in %d bytes", kind, page, root, order, known, len(s))
			}
			if got, want := s.Own(300&255), page == 300; got != want || s.Own(5) {
				t.Errorf("%s of %d: own %t, want %t", kind, page, got, want)
			}
			if got := s.Link(LinkTemplate, page, c.Rev); page > 0 && got != Current {
				t.Errorf("%s of %d: what is there is %d", kind, page, got)
			}
			for n := range s {
				s[:n].Link(LinkTemplate, 1, 1)
				s[:n].Own(1)
			}
		}
	}
	for i := range 256 {
		s := make(ToSee, 20)
		for j := range s {
			s[j] = byte(i)
		}
		s.Link(LinkTemplate, 1, 1)
	}
	before := &Cascade{Kind: ChangeContent, Wiki: "enwiki", Root: Name{DBKey: "A"}, Rev: 1, Page: 7}
	if s := ToSeeOf(before, chunk); len(s) > 0 || s.Link(LinkTemplate, 0, 0) != Silent {
		t.Errorf("of a cascade of a release before there is %x to see", s)
	}
}
