package faults

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/tables"
)

// The same seed gives the same events, another one others.
func TestLoadIsDrawnFromItsSeed(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) *Load {
		l := NewLoad(seed)
		l.Found()
		l.Flood(500)
		l.EditAll()
		return l
	}
	a, b := draw(7), draw(7)
	if diff := cmp.Diff(a.Log(), b.Log()); diff != "" {
		t.Errorf("two loads of one seed differ:\n%s", diff)
	}
	if cmp.Equal(a.Log(), draw(8).Log()) {
		t.Error("loads of two seeds are alike")
	}
}

// What a load says of its pages is what its events say: the users of a template, present ones, are those of the batch program.
func TestLoadKnowsUsers(t *testing.T) {
	t.Parallel()
	l := NewLoad(3)
	l.Found()
	for range 12 {
		l.Flood(250)
	}
	want, err := oracle.Batch(tables.AnyWiki(), slices.Values(l.Log()))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(l.Edits()); n != 12 {
		t.Errorf("%d edits, want 12", n)
	}
	lists := map[string][]string{} // page → what it uses
	for key, line := range want.Links {
		lists[key] = strings.Split(line, ", ")
	}
	titles := map[int64]string{}
	for i := range l.templates {
		titles[l.templates[i].id] = l.templates[i].name.In(loadWiki).String()
	}
	for i := range l.templates {
		reached := map[string]bool{}
		collectUsers(lists, titles, titles[l.templates[i].id], reached)
		users := l.users(i, true)
		for page := range users {
			if key := (tables.PageKey{Wiki: loadWiki, ID: page}).String(); !reached[key] {
				t.Errorf("page %s is said to use %s, and does not", key, titles[l.templates[i].id])
			}
		}
		if len(users) != len(reached) || len(users) == 0 {
			t.Errorf("%s has %d users, not %d", titles[l.templates[i].id], len(reached), len(users))
		}
		for page := range l.users(i, false) {
			if !users[page] {
				t.Errorf("page %d always uses %s, and does not now", page, titles[l.templates[i].id])
			}
		}
	}
}

// collectUsers walks from a template to the pages that list it, and on from those that are templates.
func collectUsers(lists map[string][]string, titles map[int64]string, title string, reached map[string]bool) {
	for key, list := range lists {
		if reached[key] || !slices.Contains(list, "template "+title) {
			continue
		}
		reached[key] = true
		page, err := tables.ParsePageKey(key)
		if err != nil {
			panic(err)
		}
		if through, ok := titles[page.ID]; ok {
			collectUsers(lists, titles, through, reached)
		}
	}
}
