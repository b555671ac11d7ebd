package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// writeWorkload writes a generated wiki to files and returns their prefix; change may spoil what is written.
func writeWorkload(t *testing.T, change func(s *summary, edits *[]string)) string {
	t.Helper()
	wiki, err := simwiki.Generate(simwiki.Shape{Seed: 3, Pages: 100})
	must(t, err)
	s := summary{Pages: wiki.Pages() - 11, Templates: 10, Seed: 3}
	var all bytes.Buffer
	for e := range wiki.Events() {
		if e.Render != nil {
			s.EdgesTotal += edges(&e.Render.Links)
		}
		all.WriteString(line(t, e))
	}
	var lines []string
	for e := range wiki.EditEvents() {
		lines = append(lines, line(t, e))
	}
	for _, e := range wiki.Edits() {
		s.Edits = append(s.Edits, editSummary{Kind: e.Kind, Title: simwiki.Prefixed(e.Title), PageID: e.PageID, Expected: e.Expected})
	}
	if change != nil {
		change(&s, &lines)
	}
	prefix := filepath.Join(t.TempDir(), "w")
	z, err := zstd.NewWriter(nil)
	must(t, err)
	text, err := json.Marshal(s)
	must(t, err)
	must(t, os.WriteFile(prefix+eventsFile, z.EncodeAll(all.Bytes(), nil), 0o600))
	must(t, os.WriteFile(prefix+editsFile, []byte(strings.Join(lines, "")), 0o600))
	must(t, os.WriteFile(prefix+summaryFile, text, 0o600))
	return prefix
}

func line(t *testing.T, e simwiki.Event) string {
	t.Helper()
	if e.Change != nil {
		return encoded(t, events.PageChangeCodec(), *e.Change)
	}
	return encoded(t, events.RenderJSON(), *e.Render)
}

func encoded[T any](t *testing.T, c codecs.Codec[T], v T) string {
	t.Helper()
	data, err := c.Encode(v)
	must(t, err)
	return string(data) + "\n"
}

// A workload from files is measured as the same one that is generated, each big cascade several times.
func TestRunOfFiles(t *testing.T) {
	t.Parallel()
	want, err := generated(simwiki.Shape{Seed: 3, Pages: 100})
	must(t, err)
	for _, delivery := range []topology.Delivery{topology.AtLeastOnce, topology.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			topo, err := processors.New(processors.Options{})
			must(t, err)
			r, err := Run(t.Context(), Options{
				Topology: topo, Run: topology.Config{Partitions: 2, DataDir: t.TempDir(), Delivery: delivery}, Workload: writeWorkload(t, nil),
				Repeats: 3, Small: 2, Step: func(string) {},
			})
			must(t, err)
			if r.Pages != want.pages || r.Seed != 3 || r.Fill.Records != 2*r.Pages || r.Small.Edits != 2 {
				t.Errorf("%+v", r)
			}
			if r.Cascade.Requests != want.of(bigEdit)[0].expected || r.Cascade.Best < r.Cascade.PerSec {
				t.Errorf("cascade %+v", r.Cascade)
			}
		})
	}
}

func TestReadWorkload(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(s *summary, edits *[]string)
		want   string
	}{
		{"no pages", func(s *summary, _ *[]string) { s.Pages = 0 }, "w.json: 0 pages"},
		{"edit of no page", func(s *summary, _ *[]string) { s.Edits[1].PageID = 0 }, `w.json: edit 1: kind "mid3", page 0`},
		{"edit of another page", func(s *summary, _ *[]string) { s.Edits[1].PageID++ }, "w.edits.ndjson:3: not a page change and a rendering of page"},
		{"fewer edits", func(_ *summary, edits *[]string) { *edits = (*edits)[:3] }, "w.edits.ndjson: 1 edits"},
		{"more edits", func(s *summary, _ *[]string) { s.Edits = s.Edits[:0] }, "w.edits.ndjson: more edits than the 0"},
		{"no event", func(_ *summary, edits *[]string) { (*edits)[2] = "{}\n" }, "w.edits.ndjson:3: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readWorkload(writeWorkload(t, tt.change))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := readWorkload(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("read a workload that is not there")
	}
}

// A run whose workload expects other pages, or other links, than there are is wrong.
func TestRunFindsWrongRequests(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(s *summary, edits *[]string)
		want   string
	}{
		"pages": {func(s *summary, _ *[]string) { s.Edits[0].Expected++ }, ErrWrong.Error()},
		"links": {func(s *summary, _ *[]string) { s.EdgesTotal++ }, "links, where"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			topo, err := processors.New(processors.Options{})
			must(t, err)
			_, err = Run(t.Context(), Options{
				Topology: topo, Run: topology.Config{Partitions: 1, DataDir: t.TempDir()}, Workload: writeWorkload(t, tt.change),
				Small: 1, Step: func(string) {},
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// An edit that is made again starts another cascade.
func TestAgain(t *testing.T) {
	t.Parallel()
	w, err := generated(simwiki.Shape{Seed: 3, Pages: 100})
	must(t, err)
	e := w.of(bigEdit)[0]
	again := e.again(2)
	if e.cascade() == again.cascade() || e.title() != again.title() {
		t.Errorf("cascades %s and %s", e.cascade(), again.cascade())
	}
	if a, b := e.render.Render, again.render.Render; a.TransclusionSHA1 == b.TransclusionSHA1 || a.Revision.ID >= b.Revision.ID || !a.Start.Before(b.Start) {
		t.Errorf("%+v and %+v", a, b)
	}
	if b := again; b.render.Render.Revision.ID != b.change.Change.Revision.ID || b.render.Render.ContentSHA1 != b.change.Change.Revision.ContentSHA1 {
		t.Errorf("the rendering is not of the revision: %+v and %+v", b.render.Render, b.change.Change)
	}
}

// Arbitrary bytes are a summary that reads the same again, or an error.
func FuzzParseSummary(f *testing.F) {
	f.Add([]byte(`{"pages":1,"templates":1,"seed":1,"edges_total":2,"edits":[{"kind":"small","title":"Template:A","page_id":1,"expected":1}]}`))
	f.Add([]byte(`{"pages":-1}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSummary(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(s)
		must(t, err)
		if _, err := parseSummary(text); err != nil {
			t.Errorf("%s is refused: %v", text, err)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
