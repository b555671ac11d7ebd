package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// Links that are left out are told of events that are used, and not of those that are refused for their size.
func TestFeedTellsOfLinksOfWhatIsUsed(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for _, page := range []int{1, 9, 2} {
		fmt.Fprintf(&lines, `{"$schema":"/eddy/render/1.0.0","meta":{"id":"i%d"},"wiki_id":"w","dt":"2024-01-01T00:00:00Z","page":{"page_id":%d,"page_title":"P%d","namespace_id":0},`+
			`"revision":{"rev_id":1},"closure":"complete","links":{"page":[{"namespace_id":0,"title":"A[b]"}]}}`+"\n", page, page, page)
	}
	file := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var told []int64
	counts, err := Feed(t.Context(), narrow{5}, []string{file}, Options{OnError: Skip, Dropped: func(ev *events.Event, _ []events.Dropped) { told = append(told, ev.Render.Page.ID) }})
	if err != nil || counts.Dropped != 2 || counts.Rejected != 1 || !slices.Equal(told, []int64{1, 2}) {
		t.Errorf("%+v, told of %v: %v", counts, told, err)
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
		{write("empty.ndjson.zst", nil), "no zstd"},
		{write("plain.ndjson.zst", []byte("{}")), "plain.ndjson.zst:1: "},
		{dir, "directory"},
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

// Where events may be passed over, what can be read is fed, and the files that cannot be read to their end are told of.
func TestFeedOfWhatCanBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	event := func(page int) string {
		return fmt.Sprintf(`{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"i%d","domain":"x"},"wiki_id":"w","dt":"2024-01-01T00:00:00Z",`+
			`"page_change_kind":"create","page":{"page_id":%d,"page_title":"P%d","namespace_id":0},"revision":{"rev_id":1}}`+"\n", page, page, page)
	}
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	if _, err := z.Write([]byte(event(1))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Flush(), z.Close()); err != nil {
		t.Fatal(err)
	}
	cut, fine := filepath.Join(dir, "cut.ndjson.gz"), filepath.Join(dir, "fine.ndjson")
	if err := errors.Join(os.WriteFile(cut, gz.Bytes()[:gz.Len()-10], 0o600), os.WriteFile(fine, []byte(event(2)), 0o600)); err != nil {
		t.Fatal(err)
	}
	counts, err := Feed(t.Context(), narrow{9}, []string{cut, fine}, Options{OnError: Skip})
	if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), cut) || counts.Events != 2 || counts.Files != 1 {
		t.Errorf("%+v, %v: want both events, one whole file, and the other named", counts, err)
	}
	counts, err = Feed(t.Context(), narrow{9}, []string{cut, fine}, Options{})
	if !errors.Is(err, ErrInput) || counts.Files != 0 {
		t.Errorf("stop: %+v, %v", counts, err)
	}

	for name, in := range map[string]io.Reader{"plain": strings.NewReader(event(3)), "compressed": bytes.NewReader(gz.Bytes())} {
		counts, err = Feed(t.Context(), narrow{9}, []string{"-", fine}, Options{Stdin: in})
		if err != nil || counts.Events != 2 {
			t.Errorf("standard input, %s: %+v, %v", name, counts, err)
		}
	}
	if _, err = Feed(t.Context(), narrow{9}, []string{"-", "-"}, Options{Stdin: strings.NewReader("")}); !errors.Is(err, ErrInput) {
		t.Errorf("standard input twice: %v", err)
	}
}
