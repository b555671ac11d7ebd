package events_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/eddystream/eddy/tables/events"
)

const change = `{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"c1","domain":"a.example"},"wiki_id":"testwiki",` +
	`"dt":"2026-01-02T03:04:05Z","page_change_kind":"edit","page":{"page_id":7,"page_title":"A","namespace_id":0},` +
	`"revision":{"rev_id":9}}`

const rendering = `{"wiki_id":"testwiki","dt":"2026-01-02T03:04:06Z","page":{"page_id":7,"page_title":"A","namespace_id":0},` +
	`"revision":{"rev_id":9},"closure":"direct","links":{"template":[{"namespace_id":10,"title":"T","scope":"page"}]},` +
	`"meta":{"id":"r1"},"$schema":"/eddy/render/1.3.0"}`

func TestReaderGoesOnBehindABrokenLine(t *testing.T) {
	t.Parallel()
	long := strings.Replace(rendering, `"title":"T"`, `"title":"`+strings.Repeat("T", 3<<20)+`"`, 1)
	text := change + "\r\n\n" + "broken\n" + strings.Replace(change, "1.2.0", "2.0.0", 1) + "\n" + long + "\n" + rendering
	var got []string
	for e, err := range events.NewReader("some.ndjson", strings.NewReader(text)).Events() {
		var line *events.LineError
		switch {
		case errors.As(err, &line):
			if line.File != "some.ndjson" || line.Line != e.Line || e.Change != nil || e.Render != nil {
				t.Errorf("error %v of event %+v", err, e)
			}
			got = append(got, "error")
			if e.Line == 4 && !errors.Is(err, events.ErrSchema) {
				t.Errorf("line 4: %v, want ErrSchema", err)
			}
		case err != nil:
			t.Fatal(err)
		case e.Change != nil && e.Change.Meta.ID == "c1" && e.Line == 1 && string(e.Raw) == change:
			got = append(got, "change")
		case e.Render != nil && e.Render.Meta.ID == "r1" && e.Render.Links.Template[0].Scope == events.PageOnly:
			got = append(got, "render")
		default:
			t.Errorf("event %+v", e)
		}
	}
	if want := "change,error,error,render,render"; strings.Join(got, ",") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReaderStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	r := events.NewReader("some.ndjson", strings.NewReader(change+"\n"+rendering+"\n"))
	for range 2 {
		for e, err := range r.Events() {
			if err != nil {
				t.Fatal(err)
			}
			t.Log(e.Line)
			break
		}
	}
	for e := range r.Events() {
		t.Errorf("event %+v behind the end", e)
	}
}

func TestReaderOpensEachKindOfFile(t *testing.T) {
	t.Parallel()
	text := []byte(change + "\n" + rendering + "\n")
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	_, _ = g.Write(text)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"a.ndjson": text, "a.ndjson.gz": gz.Bytes(), "a.ndjson.zst": zst.Bytes()} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := count(path); n != 2 || err != nil {
			t.Errorf("%s: %d events, %v", name, n, err)
		}
		if name == "a.ndjson" {
			continue
		}
		cut := filepath.Join(dir, "cut-"+name)
		if err := os.WriteFile(cut, data[:len(data)-20], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := count(cut); err == nil || !strings.Contains(err.Error(), cut) {
			t.Errorf("%s, cut: %v, want an error that names the file", name, err)
		}
	}
	if _, err := events.Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	bad := filepath.Join(dir, "bad.gz")
	if err := os.WriteFile(bad, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := events.Open(bad); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("a text called .gz: %v", err)
	}
}

func count(path string) (n int, err error) {
	r, err := events.Open(path)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for _, err := range r.Events() {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
