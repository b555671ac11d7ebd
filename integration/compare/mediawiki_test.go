package compare

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// dataDir returns the folder of recorded wikis, $EDDY_DATA or ../shared/data beside the module.
func dataDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("EDDY_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("recorded wikis are not here (set EDDY_DATA): %v", err)
	}
	return dir
}

func recorded(t testing.TB, wiki string) ([]Event, []Line) {
	t.Helper()
	f, err := Open(filepath.Join(dataDir(t), wiki, "events.ndjson.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log, err := ReadLog(f)
	if err != nil {
		t.Fatal(err)
	}
	g, err := Open(filepath.Join(dataDir(t), wiki, "cascades.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	lines, err := ReadCascades(g)
	if err != nil {
		t.Fatal(err)
	}
	return log, lines
}

func TestMediaWikiNaive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		wiki            string
		changes, listed int
		same            int
		away            bool // titles were moved away without a redirect
	}{
		{wiki: "whonix", changes: 3746, listed: 772, same: 23545},
		{wiki: "ltg", changes: 600, listed: 303, same: 12197, away: true},
	} {
		t.Run(tt.wiki, func(t *testing.T) {
			t.Parallel()
			log, lines := recorded(t, tt.wiki)
			opt := Options{CascadeID: testID}

			plain := MediaWiki(log, lines, (&naive{}).run(log), opt)
			t.Logf("plain\n%s", plain)
			if err := plain.Err(); err != nil {
				t.Error(err)
			}
			if plain.Changes != tt.changes || plain.Listed != tt.listed || plain.Same != tt.same {
				t.Errorf("compared %d changes, %d listed, %d pages the same; want %d, %d, %d",
					plain.Changes, plain.Listed, plain.Same, tt.changes, tt.listed, tt.same)
			}
			if n := len(plain.Cutoff) + len(plain.CutoffDue) + len(plain.Ties) + len(plain.MovedAway); n != 0 {
				t.Errorf("%d differences allowed, want none: the program does what MediaWiki does", n)
			}

			requests := (&naive{cutoff: true, existence: true}).run(log)
			cut := MediaWiki(log, lines, requests, opt)
			t.Logf("with cutoff\n%s", cut)
			if err := cut.Err(); err != nil {
				t.Error(err)
			}
			if got := cut.Same + len(cut.Cutoff) + len(cut.CutoffDue) + len(cut.Unnamed); got != tt.same || len(cut.Cutoff) == 0 {
				t.Errorf("asked or spared %d pages, want %d; spared %d", got, tt.same, len(cut.Cutoff))
			}
			if len(cut.Unnamed) > 1 {
				t.Errorf("%d outputs changed by nothing that the events name", len(cut.Unnamed))
			}
			if got := len(cut.MovedAway) > 0; got != tt.away {
				t.Errorf("pages of titles moved away: %d", len(cut.MovedAway))
			}

			fast := MediaWiki(log, lines, requests, Options{CascadeID: testID, FullSpeed: true})
			if err := fast.Err(); err != nil {
				t.Errorf("full speed: %v\n%s", err, fast)
			}
		})
	}
}

// A cutoff without the requests for links that turn red or blue leaves pages stale that
// MediaWiki happened to mend; the comparator must not excuse them.
func TestMediaWikiFindsFaults(t *testing.T) {
	t.Parallel()
	log, lines := recorded(t, "ltg")
	requests := (&naive{}).run(log)
	opt := Options{CascadeID: testID}

	cut := MediaWiki(log, lines, (&naive{cutoff: true}).run(log), opt)
	t.Logf("cutoff alone: %v", cut.Err())
	if len(cut.Missing) == 0 {
		t.Error("a cutoff that nothing else makes up for is not found")
	}

	inside := func(r Request) bool { return r.Cascade.DT > log[0].DT }
	i := slices.IndexFunc(requests, inside)
	less := slices.Delete(slices.Clone(requests), i, i+1)
	if r := MediaWiki(log, lines, less, opt); len(r.Missing) != 1 || len(r.TooMany) != 0 {
		t.Errorf("one request left out: %v", r.Err())
	}
	more := slices.Clone(requests)
	more = append(more, requests[i])
	more[len(more)-1].PageID = 1
	if r := MediaWiki(log, lines, more, opt); len(r.Missing) != 0 || len(r.TooMany) != 1 {
		t.Errorf("one request added: %v", r.Err())
	}
	more[len(more)-1].Cascade.DT = "2001-01-01T00:00:00Z"
	if r := MediaWiki(log, lines, more, opt); len(r.Unknown) != 1 {
		t.Errorf("a request with another dt than its cascade: %v", r.Err())
	}
	more[len(more)-1].Cascade.ID = "no such cascade"
	if r := MediaWiki(log, lines, more, opt); len(r.Unknown) != 1 {
		t.Errorf("one request of an unknown cascade: %v", r.Err())
	}
}
