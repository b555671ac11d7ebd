//go:build unix

package integration_test

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// Two workers share the partitions. One of them is killed while cascades are under way; the other one finishes them:
// every page is asked for, every cascade has been expanded, and the tables are right. When the killed one comes back
// to its stores and all is fed again, nothing changes.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	path := buildEddy(t)
	_, address := begin(t, `brokers (\S+)`, path, "broker", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	first, second := t.TempDir(), t.TempDir()
	work := func(dir string) *process {
		p, _ := begin(t, `msg=ready`, path, "run", "--brokers", address, "--data", dir, "--partitions", "6")
		return p
	}
	victim, survivor := work(first), work(second)

	cfg := topology.Config{Brokers: []string{address}, InMemory: true, Partitions: 6}
	topo, err := processors.New(processors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	producer, err := topology.OpenProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := producer.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &brokered{t: t, topo: topo, sites: tables.AnyWiki(), cfg: cfg, to: replay.ToWorkers(producer, topo, cfg)}

	wiki, err := simwiki.Generate(simwiki.Shape{Seed: 1, Pages: 4000})
	if err != nil {
		t.Fatal(err)
	}
	log := slices.Collect(wiki.Events())
	b.send(log)
	b.settle()
	b.requests()

	edits := slices.Collect(wiki.EditEvents())
	from, err := topology.Ends(t.Context(), cfg, tables.RerenderRequests)
	if err != nil {
		t.Fatal(err)
	}
	// While the other one is paused, what is on its partitions waits: so the cascades cannot end before the kill.
	killed := b.afterRequests(from, 100, victim.kill)
	survivor.signal(syscall.SIGSTOP)
	b.send(edits)
	if err := <-killed; err != nil {
		t.Fatal(err)
	}
	early := b.requests()
	survivor.signal(syscall.SIGCONT)
	b.settle()
	requests := slices.Concat(early, b.requests())

	expected := 0
	for _, e := range wiki.Edits() {
		expected += e.Expected
	}
	if len(early) >= expected {
		t.Fatalf("all %d requests were sent before the worker was killed: it proves nothing", expected)
	}
	t.Logf("%d requests of %d when the worker was killed", len(early), len(requests))
	wantAsked(t, wiki, edits, requests)
	for id, row := range b.cascades() {
		if row.Phase != tables.PhaseExpanded && !row.Phase.Final() {
			t.Errorf("cascade %s is %s at rest", id, row.Phase)
		}
	}
	all := slices.Concat(log, edits)
	wantBatch(t, b.sites, all, b.derived())

	dump := b.dump()
	back := work(first)
	b.send(all)
	b.settle()
	wantSameRequests(t, nil, b.requests())
	wantSameTables(t, dump, b.dump())
	back.interrupt()
	survivor.interrupt()
}

// afterRequests calls do when the pipeline has asked for n pages behind a position. It watches from now on, so that it
// is not late when that happens, and returns the error of watching.
func (b *brokered) afterRequests(from topology.Positions, n int, do func()) <-chan error {
	enough := errors.New("enough")
	done := make(chan error, 1)
	go func() {
		err := topology.Consume(b.t.Context(), b.cfg, tables.RerenderRequests,
			func(_ context.Context, r *topology.Record[tables.PageKey, tables.Request]) error {
				if r.Offset() >= from[r.Partition()] {
					n--
				}
				if n <= 0 {
					do()
					return enough
				}
				return nil
			})
		if errors.Is(err, enough) {
			err = nil
		}
		done <- err
	}()
	return done
}

// wantAsked compares the pages that each edit asked for with those that it should have asked for. Who asked twice had
// not heard that it was done.
func wantAsked(t *testing.T, wiki *simwiki.Generated, edits []simwiki.Event, requests []tables.Request) {
	t.Helper()
	pages := map[tables.CascadeID]map[int64]bool{}
	for _, r := range requests {
		if r.Reason == tables.LinkSelf {
			continue
		}
		if pages[r.Cascade.ID] == nil {
			pages[r.Cascade.ID] = map[int64]bool{}
		}
		pages[r.Cascade.ID][r.PageID] = true
	}
	judged := 0
	for _, e := range edits {
		if e.Change == nil {
			continue
		}
		judged++
		title := simwiki.Unprefixed(e.Change.Page.Namespace, e.Change.Page.Title)
		want, ok := wiki.Asked(title)
		if !ok {
			t.Fatalf("no template %q", title.DBKey)
		}
		asked := pages[tables.NewCascadeID(e.Change.Wiki, title.In(e.Change.Wiki), e.Change.Meta.ID)]
		delete(asked, e.Change.Page.ID)
		missing := 0
		for _, page := range want {
			if !asked[page] {
				missing++
			}
		}
		if missing > 0 || len(asked) != len(want) {
			t.Errorf("edit of %q asked for %d pages, not for %d of the %d that it should", title.DBKey, len(asked), missing, len(want))
		}
	}
	if judged == 0 {
		t.Error("no edits")
	}
}
