package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// narrow takes events of pages up to an id.
type narrow struct{ most int64 }

func (n narrow) Change(_ context.Context, page tables.PageKey, _ events.PageChange) error {
	return n.take(page)
}

func (n narrow) Render(_ context.Context, page tables.PageKey, _ events.Render) error {
	return n.take(page)
}

func (narrow) Settle(context.Context) error { return nil }

func (n narrow) take(page tables.PageKey) error {
	if page.ID > n.most {
		return fmt.Errorf("page %d: %w", page.ID, topology.ErrTooLarge)
	}
	return nil
}

// An event that is too large to be sent is refused by file and line like any other that cannot be used, and no other is lost with it.
func TestFeedRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for _, page := range []int{1, 9, 2} {
		fmt.Fprintf(&lines, `{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"i%d","domain":"x"},"wiki_id":"w","dt":"2024-01-01T00:00:00Z",`+
			`"page_change_kind":"create","page":{"page_id":%d,"page_title":"P%d","namespace_id":0},"revision":{"rev_id":1}}`+"\n", page, page, page)
	}
	file := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, settle := range []bool{false, true} {
		counts, err := Feed(t.Context(), narrow{5}, []string{file}, Options{Settle: settle})
		if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "events.ndjson:2:") || counts.Events != 1 {
			t.Errorf("stop: %+v, %v", counts, err)
		}
		counts, err = Feed(t.Context(), narrow{5}, []string{file}, Options{Settle: settle, OnError: Skip})
		if err != nil || counts.Events != 2 || counts.Changes != 2 || counts.Rejected != 1 {
			t.Errorf("skip: %+v, %v", counts, err)
		}
	}
}

// A file that is not what it says, or not all of it, is bad input, and one that does not exist is found before another is sent.
func TestFeedOfFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	for i := range 10_000 {
		fmt.Fprintf(z, "%d\n", i*i)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ file, want string }{
		{write("cut.ndjson.gz", gz.Bytes()[:gz.Len()/2]), "cut short"},
		{write("plain.ndjson.gz", []byte("{}")), "no gzip"},
		{write("empty.ndjson.gz", nil), "no gzip"},
		{write("plain.ndjson.zst", []byte("{}")), "plain.ndjson.zst:1: "},
	} {
		_, err := Feed(t.Context(), narrow{5}, []string{test.file}, Options{OnError: Skip})
		if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.file) {
			t.Errorf("%s: %v", test.file, err)
		}
	}
	fine := write("fine.ndjson", []byte("nothing\n"))
	counts, err := Feed(t.Context(), narrow{5}, []string{fine, filepath.Join(dir, "none.ndjson")}, Options{OnError: Skip})
	if !errors.Is(err, fs.ErrNotExist) || counts != (Counts{}) {
		t.Errorf("a missing file behind another: %+v, %v", counts, err)
	}
}
