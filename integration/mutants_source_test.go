package integration_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sourceMutant is the pipeline with a rule taken from its sources, when they are compiled for this test alone. In what takes the place of old, which is in
// the file once, $ says that this is the mutant.
type sourceMutant struct {
	rule     string // that is missing
	file     string
	old, new string
	play     string // that finds it; of several, one
}

var sourceMutants = []sourceMutant{
	// A: evidence before clocks.
	{"a rendering of a later revision is a witness", "processors/links_witness.go", `!(lost && unheard(row))`, `!(lost && unheard(row) && !$)`, "complete_missed"},
	{"a time to come is none", "processors/pages.go", `if toCome(max(now.dt, now.asOf), read) {`, `if !$ && toCome(max(now.dt, now.asOf), read) {`, "complete_clocks|direct_clocks|mixed_clocks"},
	{"a rendering to come began nobody knows when", "processors/links.go", `if toCome(state.Start, h.o.Now()) {`, `if !$ && toCome(state.Start, h.o.Now()) {`, "complete_any_clocks"},
	{"who saw another page is asked", "processors/dependents_late.go", `if e.SawPage != v.row.Holder && v.last(c) {`, `if !$ && e.SawPage != v.row.Holder && v.last(c) {`, "complete_any_clocks"},
	{"the form of a text counts", "processors/links_witness.go", `Reformed: l.Form != row.Form`, `Reformed: !$ && l.Form != row.Form`, "complete_in_order"},
	{"of several changes none is cut", "processors/links_witness.go", `cut := n == 1 && witnessed[0].Rev`, `cut := (n == 1 || $) && witnessed[0].Rev`, "mixed_interleaved|mixed_lost|mixed_in_order"},
	{"a cascade is given up by when it asked", "processors/requests_chunk.go", `since: c.h.o.Now().Unix()`, `since: map[bool]int64{false: c.h.o.Now().Unix(), true: cascade.DT}[$]`, "complete_clocks"},
	{"an answer to a change is one to those before it", "processors/requests_answer.go", `!slices.ContainsFunc(answered, a.before)`, `($ || !slices.ContainsFunc(answered, a.before))`, "complete_in_order|complete_interleaved|complete_clocks"},
	// B: cold start and lost events.
	{"a first event says where the page was", "processors/pages.go", `if prior := now.prior; prior != (tables.Title{})`, `if prior := now.prior; !$ && prior != (tables.Title{})`, "complete_cold"},
	{"a redirect that is not spoken of stays", "processors/pages.go", `if now.live && redirectUnsaid(ev) {`, `if now.live && redirectUnsaid(ev) && !$ {`, "direct_sparse"},
	{"a rendering alone tells of a lost edit", "processors/links_witness.go", `if change == nil && h.alone(row) {`, `if !$ && change == nil && h.alone(row) {`, "complete_lost"},
	{"an undelete of the living tells of a lost delete", "processors/pages.go", `case ev.Kind == events.Undelete:`, `case ev.Kind == events.Undelete && (!row.Live || !$):`, "complete_lost"},
	{"a delete of the dead tells of a lost undelete", "processors/pages.go", `max(now.dt, now.asOf) > row.DT //`, `!$ && max(now.dt, now.asOf) > row.DT //`, "complete_lost"},
	{"a move tells of the redirect that it leaves", "processors/pages.go", `|| now.behind == 0 ||`, `|| now.behind == 0 || $ ||`, "direct_lost"},
	{"an event elsewhere counts as the move", "processors/pages.go", `		if had && old != now.title {`, `		if !$ && had && old != now.title {`, "complete_lost"},
	{"renderings name their page", "processors/links.go", `if !row.Known {`, `if !row.Known && !$ {`, "direct_cold"},
	{"a first event of a page that others saw otherwise is told", "processors/dependents.go", `!(c.Was && v.sawHolder(c))`, `!(c.Was && ($ || v.sawHolder(c)))`, "complete_lost"},
	// C: the rules of MediaWiki.
	{"a second redirect is followed", "tables/reach.go", `case h.Type == LinkRedirect && reach == ReachRedirect:`, `case h.Type == LinkRedirect && reach == ReachRedirect && !$:`, "direct_interleaved"},
	// D: any size.
	{"what comes behind a request is asked for once more", "processors/requests_coalesce.go", `	w.behind.Add(int(offset))
`, `	if !$ {
		w.behind.Add(int(offset))
	}
`, "direct_coalescing|mixed_coalescing|complete_coalescing"},
	{"what is given up leaves its doubts", "processors/requests_coalesce.go", `	if behind.Len() == 0 {
		return nil`, `	if behind.Len() == 0 || $ {
		return nil`, "direct_coalescing_few|mixed_coalescing_few|complete_coalescing_few"},
	{"pauses between requests double", "processors/requests_coalesce.go", `case age > 1 && bits.Len64(age) > bits.Len64(before):`, `case age > 1 && ($ || bits.Len64(age) > bits.Len64(before)):`, "direct_coalescing_what_is_lost|mixed_coalescing_what_is_lost"},
	{"what a crash has lost is asked for after a time", "processors/requests_coalesce.go", `		if _, err := c.sendAgain(due); err != nil {`, `		if _, err := c.sendAgain(map[bool]map[byte][]*asked{false: due}[$]); err != nil {`, "direct_coalescing_crashes|mixed_coalescing_crashes|complete_coalescing_crashes"},
	{"a walk goes through each bucket", "processors/dependents_chunk.go", `if !row.Parts.Has(n) {`, `if !row.Parts.Has(n) || $ && n == 5 {`, "complete_clocks_and_chunks"},
	{"what a row held goes to chunks", "processors/dependents_put.go", `s.Pending = s.Edges.All()`, `s.Pending = map[bool][]tables.ChunkEdge{false: s.Edges.All(), true: s.Edges.All()[1:]}[$]`, "complete_chunks"},
	{"a walk comes back for the next chunks", "processors/dependents_walk.go", `w.Cursor+int32(v.h.o.WalkChunks))`, `w.Cursor+int32(v.h.o.WalkChunks)+map[bool]int32{true: 1}[$])`, "complete_chunks"},
}

// mutated returns the sources of the mutants, by their paths.
func mutated(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]string{}
	for _, m := range sourceMutants {
		path := filepath.Join("..", filepath.FromSlash(m.file))
		if _, read := sources[path]; !read {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sources[path] = string(data)
		}
		if n := strings.Count(sources[path], m.old); n != 1 {
			t.Errorf("%s: %q is there %d times", m.rule, m.old, n)
		}
		without := fmt.Sprintf("tables.Without(%q)", m.rule)
		if strings.HasPrefix(m.file, "tables/") {
			without = strings.TrimPrefix(without, "tables.")
		}
		sources[path] = strings.Replace(sources[path], m.old, strings.ReplaceAll(m.new, "$", without), 1)
	}
	return sources
}

// The mutants are of the sources as they are.
func TestSourceMutants(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, p := range plays() {
		names[strings.ReplaceAll(p.name, " ", "_")] = true
	}
	for path, source := range mutated(t) {
		if _, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution); err != nil {
			t.Error(err)
		}
	}
	for _, m := range sourceMutants {
		for play := range strings.SplitSeq(m.play, "|") {
			if !names[play] {
				t.Errorf("%s: there is no play %q", m.rule, play)
			}
		}
	}
}
