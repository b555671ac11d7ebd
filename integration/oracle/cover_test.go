package oracle

import (
	"slices"
	"testing"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// What is hard for a system really happens in the scenarios, and often enough.
func TestPlayCovers(t *testing.T) {
	t.Parallel()
	const seeds = 200
	seen := map[string]int{}
	for seed := uint64(1); seed <= seeds; seed++ {
		sc := Scenario{Listing: simwiki.Direct, Repeat: 10, Steps: 60, Rounds: 100}
		sys, tape := newNaive(""), NewTape(seed)
		p := newPlayer(t.Context(), sc, tape, tape, sys)
		if err := p.play(); err != nil {
			t.Fatal(err)
		}
		for what, happened := range situations(p.log, sys.requests) {
			if happened {
				seen[what]++
			}
		}
	}
	for _, what := range []string{
		"title taken before it was left", "render before its change", "render again", "render of an older revision",
		"render of a dead page", "there and back unseen", "two changes of a title in a second", "includes itself",
		"redirect retargeted", "redirect removed", "redirect made", "requested page dies", "move over a redirect",
		"moved away without a redirect", "undelete", "used before it uses",
	} {
		t.Logf("%-40s in %3d of %d scenarios", what, seen[what], seeds)
		if seen[what] < 5 {
			t.Errorf("%q happens in %d of %d scenarios only", what, seen[what], seeds)
		}
	}
}

// situations names what happened in a log, in the order in which a system met it.
func situations(log []simwiki.Event, requests []tables.Request) map[string]bool {
	found := map[string]bool{}
	changed := map[int64]*events.PageChange{}
	holder := map[tables.Name]int64{}
	hashes := map[int64]map[int64]string{} // page → revision → transclusion hash, of renderings
	revisions := map[int64][]int64{}
	seconds := map[tables.Name]int64{}
	seen := map[string]bool{}
	used := map[tables.Name]bool{}
	for _, e := range log {
		if seen[e.ID()] {
			found["render again"] = found["render again"] || e.Render != nil
			continue
		}
		seen[e.ID()] = true
		id := e.PageKey().ID
		if r := e.Render; r != nil {
			last := changed[id]
			switch {
			case last == nil || r.Revision.ID > last.Revision.ID:
				found["render before its change"] = true
			case last.Kind == events.Delete:
				found["render of a dead page"] = true
			case r.Revision.ID < last.Revision.ID:
				found["render of an older revision"] = true
			}
			if hashes[id] == nil {
				hashes[id] = map[int64]string{}
			}
			hashes[id][r.Revision.ID] = r.TransclusionSHA1
			self := simwiki.Unprefixed(r.Page.Namespace, r.Page.Title)
			for _, l := range r.Links.Template {
				n := tables.Name{Namespace: l.Namespace, DBKey: l.Title}
				found["includes itself"] = found["includes itself"] || n == self
				found["used before it uses"] = found["used before it uses"] || used[self]
				used[n] = true
			}
			continue
		}
		c := e.Change
		n := changedName(c)
		if other, ok := holder[n]; ok && other != id && c.Kind != events.Delete && changed[other].Kind != events.Delete && changedName(changed[other]) == n {
			found["title taken before it was left"] = true
		}
		if at, ok := seconds[n]; ok && at == c.Time.Unix() {
			found["two changes of a title in a second"] = true
		}
		seconds[n] = c.Time.Unix()
		if last := changed[id]; last != nil && c.Kind == events.Edit {
			found["redirect made"] = found["redirect made"] || !last.Page.Redirect && c.Page.Redirect
			found["redirect removed"] = found["redirect removed"] || last.Page.Redirect && !c.Page.Redirect
			found["redirect retargeted"] = found["redirect retargeted"] || last.Page.Redirect && c.Page.Redirect && *last.Page.Link != *c.Page.Link
		}
		found["undelete"] = found["undelete"] || c.Kind == events.Undelete
		found["moved away without a redirect"] = found["moved away without a redirect"] || c.Kind == events.Move && c.CreatedRedirect == nil
		if c.Kind == events.Delete {
			for _, r := range requests {
				found["requested page dies"] = found["requested page dies"] || r.PageID == id && r.Stale < c.Time.Unix()
			}
		}
		if c.Kind == events.Move && slices.ContainsFunc(log, func(o simwiki.Event) bool {
			return o.Change != nil && o.Change.Kind == events.Delete && o.Change.Page.Redirect && changedName(o.Change) == n && o.Change.Time.Equal(c.Time)
		}) {
			found["move over a redirect"] = true
		}
		changed[id], holder[n] = c, id
		if !slices.Contains(revisions[id], c.Revision.ID) {
			revisions[id] = append(revisions[id], c.Revision.ID)
		}
	}
	for id, revs := range revisions {
		for i := 2; i < len(revs); i++ {
			before, first := hashes[id][revs[i-2]]
			after, last := hashes[id][revs[i]]
			_, between := hashes[id][revs[i-1]]
			if first && last && !between && before == after {
				found["there and back unseen"] = true
			}
		}
	}
	return found
}
