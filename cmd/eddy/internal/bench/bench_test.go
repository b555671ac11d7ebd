package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/topology"
)

// A small run measures everything; that the cascades ask for the right pages is what Run itself checks.
func TestRun(t *testing.T) {
	t.Parallel()
	topo, err := processors.New(processors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r, err := Run(t.Context(), Options{
		Topology: topo, Run: topology.Config{Partitions: 3, DataDir: dir}, Pages: 400, Seed: 5, Small: 3, Step: func(string) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Pages < 400 || r.Edges < 10*r.Pages || r.Fill.Records != 2*r.Pages {
		t.Errorf("%d pages, %d edges, %d records", r.Pages, r.Edges, r.Fill.Records)
	}
	if r.Cascade.Requests == 0 || r.Small.Edits != 3 || r.Small.LastP99 < r.Small.FirstP50 {
		t.Errorf("cascade %+v, small %+v", r.Cascade, r.Small)
	}
	if r.Table.Rows == 0 || r.Table.StoreBytes == 0 || r.Table.LogBytes == 0 || r.PeakRSS == 0 || r.Raw.Records != r.Fill.Records {
		t.Errorf("table %+v, memory %d, raw %+v", r.Table, r.PeakRSS, r.Raw)
	}
	if w := r.Written; w.Rows == 0 || w.PerRow <= 0 || w.PerRequest <= 0 || w.Bytes < w.Rows {
		t.Errorf("written %+v", w)
	}
	var b strings.Builder
	if err := r.Text(&b); err != nil || strings.Count(b.String(), "\n") != 10 {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	list := make([]time.Duration, 200)
	for i := range list {
		list[len(list)-1-i] = time.Duration(i + 1)
	}
	if a, b, c := percentile(list, 50), percentile(list, 99), percentile(nil, 50); a != 100 || b != 198 || c != 0 {
		t.Errorf("p50 %d, p99 %d, of none %d", a, b, c)
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{0: "0", 999.4: "999", 1000: "1,000", 1234567.8: "1,234,568"} {
		if got := thousands(f); got != want {
			t.Errorf("%f is %q, want %q", f, got, want)
		}
	}
}
