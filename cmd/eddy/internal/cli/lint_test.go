package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology/topologytest"
)

const (
	lintChange = `{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"c"},"wiki_id":"w","dt":"2026-01-01T00:00:00Z","page_change_kind":"move",` +
		`"page":{"page_id":1,"page_title":"A","namespace_id":0,"is_redirect":true,"redirect_page_link":{"page_title":"B","namespace_id":0}},"revision":{"rev_id":1},` +
		`"prior_state":{"page":{"page_title":"Old","namespace_id":0}}}`
	lintRender = `{"$schema":"/eddy/render/1.0.0","meta":{"id":"r"},"wiki_id":"w","dt":"2026-01-01T00:00:10Z","page":{"page_id":1,"page_title":"A","namespace_id":0},` +
		`"revision":{"rev_id":1},"closure":"complete","links":{"template":[{"namespace_id":10,"title":"T","scope":"page"}],"lang":["de:A"]}}`
)

// What lint lets pass the intake takes, and what it refuses is a dead letter there: events with one thing changed, of any size.
func TestLintSaysWhatTheIntakeDoes(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat(`{"namespace_id":0,"title":"A_title_that_is_as_long_as_titles_are"},`, 40_000)
	lines := []string{lintChange, lintRender, "[]", "1", "nothing", `{}`, "{", lintChange + lintChange, strings.Repeat(" ", 100) + lintRender}
	for _, edit := range [][2]string{
		{`"w"`, `"W"`},
		{`"w"`, `"a|b"`},
		{`"w"`, `""`},
		{`"w"`, `null`},
		{`"page_id":1`, `"page_id":0`},
		{`"page_id":1`, `"page_id":"1"`},
		{`"page_id":1`, `"page_id":4294967296`},
		{`"page_id":1`, `"page_id":9223372036854775807`},
		{`"page_id":1`, `"page_id":9223372036854775808`},
		{`"page_id":1`, `"page_id":1e3`},
		{`"page_id":1`, `"page_id":1.5`},
		{`"page_title":"A"`, `"page_title":"A[b]"`},
		{`"page_title":"A"`, `"page_title":""`},
		{`"page_title":"A"`, `"page_title":"A\u0000B"`},
		{`"page_title":"A","namespace_id":0`, `"page_title":"A","namespace_id":10`},
		{`"page_title":"A","namespace_id":0`, `"page_title":"Vorlage:A","namespace_id":10`},
		{`"page_title":"A","namespace_id":0`, `"page_title":"A"`},
		{`"namespace_id":0`, `"namespace_id":2147483648`},
		{`2026-01-01T`, `9999-01-01T`},
		{`2026-01-01T`, `0000-01-01T`},
		{`"2026-01-01T00:00:00Z"`, `1700000000`},
		{`"rev_id":1`, `"rev_id":-1`},
		{`"rev_id":1`, `"rev_id":9223372036854775808`},
		{`"move"`, `"frobnicate"`},
		{`"B"`, `"A|B"`},
		{`"Old"`, `"A|B"`},
		{`1.2.0`, `2.0.0`},
		{`1.2.0`, `1.99.0`},
		{`1.0.0`, `1.7.0`},
		{`"complete"`, `"some"`},
		{`"T"`, `"A|B"`},
		{`"page"}`, `"galaxy"}`},
		{`"links":{`, `"links":null,"x":{`},
		{`"id":"c"`, `"id":"c","domain":"canary"`},
		{`"id":"c"`, `"x":1`},
		{`{"namespace_id":10,"title":"T","scope":"page"}`, huge[:len(huge)-1]},
		{`"meta"`, `"comment":"` + strings.Repeat("x", 2<<20) + `","meta"`},
		{`"wiki_id"`, `"wiki_id":"x","wiki_id"`},
		{`"A"`, "\"\xff\""},
	} {
		for _, line := range []string{lintChange, lintRender} {
			if other := strings.Replace(line, edit[0], edit[1], 1); other != line {
				lines = append(lines, other)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"lint", "--json", file}, world{out: &out, err: &errs}); code != exitInput {
		t.Fatalf("code %d: %s", code, &errs)
	}
	topo, err := processors.New(processors.Options{Intake: &processors.Intake{}})
	if err != nil {
		t.Fatal(err)
	}
	d := topologytest.New(t, topo)
	changes, renders := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Input(d, tables.IncomingRenders)
	changed, rendered := topologytest.Output(d, tables.PageChanges), topologytest.Output(d, tables.Renders)
	good, bad := 0, 0
	said := json.NewDecoder(&out)
	for i, line := range lines {
		var v verdict
		if err := said.Decode(&v); err != nil || v.Line != i+1 {
			t.Fatalf("line %d: %+v, %v", i+1, v, err)
		}
		renders.Queue(nil, []byte(line))
		changes.Queue(nil, []byte(line))
		d.Settle()
		took := len(changed.All())+len(rendered.All()) > 0
		if canary := v.Event == "canary"; v.OK != (took || canary) || v.OK == (v.Error != "") {
			t.Errorf("%.300s: lint says %+v, and the intake takes it: %t", line, v, took)
		}
		if v.OK {
			good++
		} else {
			bad++
		}
		if len(v.Error) > 400 {
			t.Errorf("line %d: %d bytes of error", i+1, len(v.Error))
		}
	}
	if good < 10 || bad < 20 {
		t.Errorf("%d good, %d bad", good, bad)
	}
	if want := fmt.Sprintf("eddy: %d of %d events cannot be used\n", bad, good+bad); errs.String() != want {
		t.Errorf("it says %q, want %q", &errs, want)
	}
}
