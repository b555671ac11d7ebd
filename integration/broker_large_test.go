package integration_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// largeRun is the pipeline with its stores on disk, and what its processors write to their changelogs.
type largeRun struct {
	*brokered
	mu      sync.Mutex
	written map[string]int64 // by processor
}

func runLarge(t *testing.T, o processors.Options) *largeRun {
	t.Helper()
	r := &largeRun{written: map[string]int64{}}
	r.brokered = runBrokered(t, o, topology.Config{Partitions: 4, DataDir: t.TempDir(), Observer: &topology.Observer{
		Committed: func(i topology.CommittedInfo) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.written[i.Processor] += i.RowBytes
		},
	}})
	return r
}

// bytes is what a processor has written to its changelogs since it was asked last.
func (r *largeRun) bytes(processor string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.written[processor]
	r.written[processor] = 0
	return n
}

// stored is the size of the local stores.
func (r *largeRun) stored() (n int64) {
	r.t.Helper()
	err := filepath.WalkDir(r.cfg.DataDir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // files go while others look
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// resident is the memory that this process has had at most, the broker's in it; 0 where nobody tells.
func resident() string {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if size, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(size)
		}
	}
	return "unknown"
}

func (r *largeRun) change(kind events.ChangeKind, page int64, title string, rev int64) {
	r.t.Helper()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rev) * time.Second)
	err := r.Send(r.t.Context(), simwiki.Event{Change: &events.PageChange{
		Meta: events.Meta{ID: fmt.Sprintf("%d-%d", page, rev)}, Wiki: "w", Time: at, Kind: kind, Page: events.Page{ID: page, Title: "Template:" + title, Namespace: 10},
		Revision: events.Revision{ID: rev, Time: at, SHA1: strconv.FormatInt(rev, 10)},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
}

// use has a page use a template, as what links says of a rendering.
func (r *largeRun) use(user int64, title string, page int64) {
	r.t.Helper()
	err := topology.Produce(r.t.Context(), r.app.Producer(), tables.TargetUpdates, tables.Target{Wiki: "w", Namespace: 10, Text: title}, &tables.TargetUpdate{Edge: &tables.Edge{
		Source: "w", Page: user, Type: tables.LinkTemplate, Present: true, Start: 1_767_225_700, Saw: tables.SawPage, SawPage: page, SawRev: 1,
	}})
	if err != nil {
		r.t.Fatal(err)
	}
}

// asked calls f with each request that was sent since the last time, and returns their number.
func (r *largeRun) asked(from *topology.Positions, f func(tables.Request)) (n int) {
	r.t.Helper()
	ends, err := topology.Ends(r.t.Context(), r.cfg, tables.RerenderRequests)
	if err == nil {
		err = topology.Read(r.t.Context(), r.cfg, tables.RerenderRequests, *from, ends, func(_ context.Context, q *topology.Record[tables.PageKey, tables.Request]) error {
			n++
			f(q.Value)
			return nil
		})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	*from = ends
	return n
}

// A template is used by pages whose ids are spread over 2^40: what a link and a request take is bounded, and each page is asked for once.
func TestSpreadUsers(t *testing.T) {
	t.Parallel()
	users := int64(3000)
	if *large {
		users = *largeUsers
	}
	r := runLarge(t, processors.Options{StartOn: processors.StartOnChange})
	r.change(events.Create, 1, "T", 1)
	r.settle()
	// Odd multiples meet no id twice.
	id := func(i int64) int64 { return 2 + int64(uint64(i+1)*0x9e3779b97f4a7c15>>24) }
	began := time.Now()
	for i := range users {
		r.use(id(i), "T", 1)
	}
	r.settle()
	built, edge := time.Since(began), float64(r.bytes("dependents"))/float64(users)
	t.Logf("%d users: %.1f s, %.0f links/s; changelog of dependents %.1f bytes a link; stores %.1f bytes a link; memory at most %s", users, built.Seconds(), float64(users)/built.Seconds(), edge, float64(r.stored())/float64(users), resident())
	rows, most := 0, 0
	err := collect(t.Context(), r.cfg, tables.Dependents, func(_ tables.Target, row *tables.DependentsRow) {
		data, err := tables.DependentsRows().Encode(row)
		if err != nil {
			t.Error(err)
		}
		rows, most = rows+1, max(most, len(data))
	})
	if err != nil || most > 40_000 {
		t.Errorf("the largest of %d rows has %d bytes: %v", rows, most, err)
	}
	t.Logf("%d rows of dependents, the largest of %d bytes", rows, most)

	var at topology.Positions
	r.asked(&at, func(tables.Request) {})
	r.bytes("requests")
	began = time.Now()
	r.change(events.Edit, 1, "T", 2)
	r.settle()
	took := time.Since(began)
	seen := make(map[int64]bool, users)
	n := r.asked(&at, func(q tables.Request) { seen[q.PageID] = q.PageID != 1 })
	request, progress := float64(r.bytes("requests"))/float64(users), float64(r.bytes("cascades"))/float64(users)
	t.Logf("the cascade: %d requests in %.1f s, %.0f a second; changelogs of requests %.1f, of cascades %.1f bytes a request; stores %d MB; memory at most %s",
		n, took.Seconds(), float64(n)/took.Seconds(), request, progress, r.stored()>>20, resident())
	missing := 0
	for i := range users {
		if !seen[id(i)] {
			missing++
		}
	}
	if missing > 0 || int64(n) < users || int64(n) > users+1 {
		t.Errorf("%d requests, %d of %d pages are missing", n, missing, users)
	}
}

// Many cascades are open at once, for nobody renders: a change costs what it did when there were none, and none is given up.
func TestManyOpenCascades(t *testing.T) {
	t.Parallel()
	const users = 4 // of each template, in its neighbourhood
	cascades := int64(400)
	if *large {
		cascades = *largeCascades
	}
	r := runLarge(t, processors.Options{StartOn: processors.StartOnChange})
	title := func(i int64) string { return fmt.Sprintf("T%d", i) }
	for i := range cascades {
		r.change(events.Create, 1+i, title(i), 1)
		for u := range int64(users) {
			r.use(1+cascades+i*users+u, title(i), 1+i)
		}
	}
	r.settle()
	r.bytes("requests")
	r.bytes("cascades")
	var at topology.Positions
	r.asked(&at, func(tables.Request) {})
	const parts = 10
	for part := range int64(parts) {
		began := time.Now()
		from, to := part*cascades/parts, (part+1)*cascades/parts
		for i := from; i < to; i++ {
			r.change(events.Edit, 1+i, title(i), 2)
		}
		r.settle()
		took, n := time.Since(began), 0
		r.asked(&at, func(q tables.Request) {
			if q.PageID > cascades {
				n++
			}
		})
		request, progress := float64(r.bytes("requests"))/float64(n), float64(r.bytes("cascades"))/float64(to-from)
		t.Logf("%d open cascades: %.0f µs a change, changelogs of requests %.1f bytes a request, of cascades %.1f bytes a cascade; stores %d MB, memory at most %s",
			to, float64(took.Microseconds())/float64(to-from), request, progress, r.stored()>>20, resident())
		if want := int(to-from) * users; n != want {
			t.Errorf("%d requests, want %d", n, want)
		}
	}
	open := int64(0)
	for id, row := range r.cascades() {
		switch {
		case row.Phase == tables.PhaseExpanded && row.Asked >= users:
			open++
		case row.Phase.Final():
			t.Fatalf("cascade %s is %s", id, row.Phase)
		}
	}
	if open != cascades {
		t.Errorf("%d of %d cascades are open", open, cascades)
	}
}
