package integration_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var mutantsFlag = flag.Bool("oracle.mutants", false, "let the scenarios find the mutants of the pipeline's sources")

// sourceMutant is the pipeline with a rule taken from its sources, when they are compiled for this test alone. In what takes the place of old, which is in
// the file once, $ says that this is the mutant.
type sourceMutant struct {
	rule     string // that is missing
	file     string
	old, new string
	play     string // that finds it; of several, one
}

// mutantSeeds is how many scenarios of a play are to find a mutant.
const mutantSeeds = 300

var sourceMutants = []sourceMutant{
	// A: evidence before clocks.
	{"a rendering of a later revision is a witness", "processors/links_witness.go", `!(lost && unheard(row))`, `!(lost && unheard(row) && !$)`, "complete_missed"},
	{"a time to come is none", "processors/pages.go", `if toCome(max(now.dt, now.asOf), read) {`, `if !$ && toCome(max(now.dt, now.asOf), read) {`, "complete_clocks|direct_clocks|mixed_clocks"},
	{"a rendering to come began nobody knows when", "processors/links.go", `if toCome(state.Start, h.o.Now()) {`, `if !$ && toCome(state.Start, h.o.Now()) {`, "complete_any_clocks"},
	{"who saw another page is asked", "processors/dependents_late.go", `if e.SawPage != v.row.Holder && v.last(c) {`, `if !$ && e.SawPage != v.row.Holder && v.last(c) {`, "complete_any_clocks"},
	{"the form of a text counts", "processors/links_witness.go", `Reformed: l.Form != row.Form`, `Reformed: !$ && l.Form != row.Form`, "complete_in_order"},
	{"of several changes none is cut", "processors/links_witness.go", `cut := n == 1 && witnessed[0].Rev`, `cut := (n == 1 || $) && witnessed[0].Rev`, "mixed_interleaved|mixed_lost|mixed_in_order"},
	{"a cascade is given up by when it asked", "processors/requests_chunk.go", `since: c.h.o.Now().Unix()`, `since: map[bool]int64{false: c.h.o.Now().Unix(), true: cascade.DT}[$]`, "complete_clocks"},
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

const without = `package tables

import "os"

// Without reports whether a rule is taken from the pipeline.
func Without(rule string) bool { return rule == missing }

var missing = os.Getenv("EDDY_TEST_WITHOUT")
`

// Each rule has a pipeline without it, which the scenarios find: `make mutants`.
func TestInvariantsFindSourceMutants(t *testing.T) {
	t.Parallel()
	if !*mutantsFlag {
		t.Skip("compiles the pipeline once more: make mutants")
	}
	dir := t.TempDir()
	replace := map[string]string{}
	put := func(path, source string) {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		replace[abs] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(replace[abs], []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, source := range mutated(t) {
		put(path, source)
	}
	put(filepath.Join("..", "tables", "without.go"), without)
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "integration.test")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", file, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	play := func(t *testing.T, rule, play string, seeds int) (found string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, "-test.run", "TestInvariants$/^("+play+")$", "-test.v", "-oracle.shrink", "0", "-oracle.seeds", strconv.Itoa(seeds))
		cmd.Env = append(os.Environ(), "EDDY_TEST_WITHOUT="+rule)
		out, err := cmd.CombinedOutput()
		switch m := invariant.FindSubmatch(out); {
		case err == nil && bytes.Contains(out, []byte("--- PASS: TestInvariants/")):
			return ""
		case m != nil:
			return fmt.Sprintf("seed %s: %s", m[1], m[2])
		}
		t.Fatalf("%v\n%s", err, out)
		return ""
	}
	t.Run("none", func(t *testing.T) {
		if found := play(t, "none", "complete_lost", 5); found != "" {
			t.Error(found)
		}
	})
	for _, m := range sourceMutants {
		t.Run(m.rule, func(t *testing.T) {
			found := play(t, m.rule, m.play, mutantSeeds)
			if found == "" {
				t.Fatalf("%d scenarios do not find it", mutantSeeds)
			}
			t.Logf("found by %s", found)
		})
	}
}

var invariant = regexp.MustCompile(`-oracle.seed=([0-9]+)\n\s*([a-z]+):`)
