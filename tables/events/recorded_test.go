package events_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/linkedin/goavro/v2"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
)

// recorded returns the path of recorded data, and skips the test where there is none.
func recorded(t testing.TB, parts ...string) string {
	t.Helper()
	dir := os.Getenv("EDDY_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	path := filepath.Join(append([]string{dir}, parts...)...)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skipf("no data: set EDDY_DATA to the folder with the recorded wikis: %v", err)
	}
	return path
}

func TestRecordedPageChanges(t *testing.T) {
	t.Parallel()
	r, err := events.Open(recorded(t, "page_change_events", "all.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	kinds := map[events.ChangeKind]int{}
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		c := e.Change
		kinds[c.Kind]++
		switch c.Meta.ID {
		case "120bbbc5-0da9-4f73-bdb9-9a65e696f761": // a move of a file that left a redirect
			want := events.PageChange{
				Meta: events.Meta{ID: c.Meta.ID, Domain: "commons.wikimedia.org"},
				Wiki: "commonswiki", Time: time.Date(2024, 9, 30, 22, 33, 39, 0, time.UTC), Kind: events.Move,
				Page: events.Page{ID: 49988679, Namespace: 6, Title: "File:Jacobaea_vulgaris_-_Jakobs-Kreuzkraut.jpg"},
				Revision: events.Revision{
					ID: 930818273, Time: time.Date(2024, 9, 30, 22, 33, 39, 0, time.UTC),
					SHA1: "ewfk4inm34qlx9sagxwtnjx94j7tkz2", ContentSHA1: "azyu3l7q0isni57gdol2cm3jsup2sop",
					Model:  "wikitext",
					Others: []events.Slot{{Role: "mediainfo", Model: "wikibase-mediainfo", SHA1: "81f5pm4hg1uz3leklaqkf340hcav3eh"}},
				},
				PriorPage:       &events.PriorPage{Namespace: 6, Title: "File:Jakobs-Kreuzkraut.jpg"},
				CreatedRedirect: &events.Page{ID: 153407572, Namespace: 6, Title: "File:Jakobs-Kreuzkraut.jpg", Redirect: true},
			}
			if diff := cmp.Diff(want, *c); diff != "" {
				t.Errorf("the move: %s", diff)
			}
		case "09e856d3-9901-4e97-95fb-650971492c45": // a suppressed delete
			if c.Kind != events.Delete || c.Revision.SHA1 != "" || c.Revision.ContentSHA1 != "" || c.Revision.ID != 686140 {
				t.Errorf("the suppressed delete: %+v", c)
			}
		}
		text, err := events.PageChangeCodec().Encode(*c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := events.PageChangeCodec().Decode(text); err != nil || !cmp.Equal(got, *c) {
			t.Errorf("%v\n%s", err, cmp.Diff(*c, got))
		}
	}
	want := map[events.ChangeKind]int{
		events.Create: 3, events.Edit: 4, events.Move: 1, events.Delete: 2, events.Undelete: 2, events.VisibilityChange: 1,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds: %s", diff)
	}
}

// tally counts what a file holds.
type tally struct {
	Changes, Renders                                                              int
	Template, Page, Image, Category, Existence, External, Lang, Interwiki         int
	Create, Edit, Move, Delete, Undelete, Redirects, CreatedRedirects, PageScopes int
}

func (n *tally) add(e events.Event) {
	if c := e.Change; c != nil {
		n.Changes++
		switch c.Kind {
		case events.Create:
			n.Create++
		case events.Edit:
			n.Edit++
		case events.Move:
			n.Move++
		case events.Delete:
			n.Delete++
		case events.Undelete:
			n.Undelete++
		}
		if c.Page.Link != nil {
			n.Redirects++
		}
		if c.CreatedRedirect != nil {
			n.CreatedRedirects++
		}
		return
	}
	l := e.Render.Links
	n.Renders++
	n.Template += len(l.Template)
	n.Page += len(l.Page)
	n.Image += len(l.Image)
	n.Category += len(l.Category)
	n.Existence += len(l.Existence)
	n.External += len(l.External)
	n.Lang += len(l.Lang)
	n.Interwiki += len(l.Interwiki)
	for _, t := range l.Template {
		if t.Scope == events.PageOnly {
			n.PageScopes++
		}
	}
}

// TestRecordedWikis reads whole histories and counts what is in them; the counts were taken from the files' JSON by
// another program.
func TestRecordedWikis(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]tally{
		"whonix": {
			Changes: 7200, Renders: 34199, Template: 758547, Page: 344776, Image: 173873, Category: 64726, External: 690886,
			Interwiki: 6, Create: 3689, Edit: 3511, Redirects: 522,
		},
		"ltg": {
			Changes: 2658, Renders: 16877, Template: 110102, Page: 474778, Image: 34955, Category: 42437, External: 15955,
			Lang: 3597, Interwiki: 7547, Create: 2096, Edit: 422, Move: 72, Delete: 44, Undelete: 24, Redirects: 275,
			CreatedRedirects: 40,
		},
		"direct": {
			Changes: 20401, Renders: 20401, Template: 130740, Page: 200000, Image: 20000, Category: 40000, Create: 20401,
			PageScopes: 124,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := events.Open(recorded(t, name, "events.ndjson.zst"))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			var got tally
			for e, err := range r.Events() {
				if err != nil {
					t.Fatal(err)
				}
				if e.Line != got.Changes+got.Renders+1 {
					t.Fatalf("line %d after %d events", e.Line, got.Changes+got.Renders)
				}
				got.add(e)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("counts: %s", diff)
			}
		})
	}
}

// TestRecordedRendersInBothLibraries reads real renders by another library of Avro and writes them again: behind the
// header the bytes are the same. The other library's fingerprints are not Avro's where a schema has logical types.
func TestRecordedRendersInBothLibraries(t *testing.T) {
	t.Parallel()
	r, err := events.Open(recorded(t, "ltg", "events.ndjson.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	other, err := goavro.NewCodec(schemas.Releases.MustFormat("eddy.Render").Schema().String())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Render == nil || e.Line%8 != 0 {
			continue
		}
		data, err := events.RenderCodec().Encode(*e.Render)
		if err != nil {
			t.Fatal(err)
		}
		header, ok := codecs.SingleObjectHeader(data)
		if !ok {
			t.Fatalf("line %d: no header: %x", e.Line, data)
		}
		body := data[len(header):]
		native, rest, err := other.NativeFromBinary(body)
		if err != nil || len(rest) > 0 {
			t.Fatalf("line %d: goavro: %v, %d bytes left", e.Line, err, len(rest))
		}
		if again, err := other.BinaryFromNative(nil, native); err != nil || !bytes.Equal(again, body) {
			t.Fatalf("line %d: %v: goavro wrote %x, want %x", e.Line, err, again, body)
		}
		checkRender(t, e.Render)
		n++
	}
	if n < 1000 {
		t.Errorf("%d renders, want more", n)
	}
}

func BenchmarkReader(b *testing.B) {
	path := recorded(b, "whonix", "events.ndjson.zst")
	for b.Loop() {
		if n, err := count(path); err != nil || n != 41399 {
			b.Fatal(n, err)
		}
	}
}
