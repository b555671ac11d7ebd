//go:build unix

package faults

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Verdict is what is wrong after a run, a line for each fault. A list that is cut has the count of all.
type Verdict struct {
	Tables   Faults // rows unlike those of the batch program
	Lost     Faults // pages that an edit had to ask for and did not
	Stale    Faults // pages whose last rendering is older than an edit of something in it, and that nobody asked for since
	Extra    Faults // pages that an edit at rest asked for and had not to
	Cascades Faults // that have not been expanded
	Stores   Faults // rows of local stores unlike the fold of their changelog
	// Compaction are rows that compaction would lose: the last record of their key is one that does not count.
	Compaction Faults
	// Twice are requests that a reader of committed records gets again: allowed after a fault, but not with exactly-once.
	Twice Faults

	requests, rows int // compared
	exactlyOnce    bool
}

// Faults are lines of a kind.
type Faults struct {
	N     int
	Lines []string // the first few
}

// shown is how many lines of a kind are kept.
const shown = 6

func (f *Faults) addf(format string, args ...any) {
	f.N++
	if len(f.Lines) < shown {
		f.Lines = append(f.Lines, fmt.Sprintf(format, args...))
	}
}

// Err returns nil if all is as the delivery promises.
func (v *Verdict) Err() error {
	var wrong []string
	for _, k := range []struct {
		name string
		Faults
		counts bool
	}{
		{"rows of tables differ from the batch program's (-)", v.Tables, true},
		{"pages were not asked for", v.Lost, true},
		{"pages stay stale", v.Stale, true},
		{"pages were asked for in vain", v.Extra, true},
		{"cascades did not end", v.Cascades, true},
		{"rows of local stores differ from their changelog (-)", v.Stores, true},
		{"rows would be lost by compaction", v.Compaction, true},
		{"requests came twice", v.Twice, v.exactlyOnce},
	} {
		if k.N > 0 && k.counts {
			wrong = append(wrong, fmt.Sprintf("%d %s:\n  %s", k.N, k.name, strings.Join(k.Lines, "\n  ")))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(wrong, "\n")) //nolint:err113 // a report
}

// String sums up.
func (v *Verdict) String() string {
	return fmt.Sprintf("%d requests, %d lost, %d stale, %d extra, %d twice; tables: %d rows wrong; stores: %d rows wrong of %d; compaction loses %d; cascades: %d not ended",
		v.requests, v.Lost.N, v.Stale.N, v.Extra.N, v.Twice.N, v.Tables.N, v.Stores.N, v.rows, v.Compaction.N, v.Cascades.N)
}

// judge compares what is left. No worker runs.
func (r *Run) judge(ctx context.Context) (*Verdict, error) {
	v := &Verdict{exactlyOnce: r.Delivery == ExactlyOnce}
	if err := r.judgeTables(ctx, v); err != nil {
		return nil, err
	}
	here, err := replay.Here(ctx, r.cfg)
	if err != nil {
		return nil, err
	}
	outcome, err := replay.Collect(ctx, r.cfg, replay.Position{}, here)
	if err != nil {
		return nil, err
	}
	v.judgeRequests(r.Load, outcome.Requests())
	return v, r.judgeStores(ctx, v)
}

func (r *Run) judgeTables(ctx context.Context, v *Verdict) error {
	want, err := oracle.Batch(tables.AnyWiki(), slices.Values(r.Load.Log()))
	if err != nil {
		return err
	}
	got, err := oracle.ReadTables(ctx, r.cfg)
	if err != nil {
		return err
	}
	for _, line := range want.Diff(got, math.MaxInt) {
		v.Tables.addf("%.240s", line)
	}
	return replay.ReadTable(ctx, r.cfg, tables.Cascades, func(view *topology.View[tables.CascadeID, *tables.CascadeRow]) error {
		for e, err := range view.All() {
			if err != nil {
				return err
			}
			if e.Value.Phase != tables.PhaseExpanded && !e.Value.Phase.Final() {
				v.Cascades.addf("%s is %s", e.Key, e.Value.Phase)
			}
		}
		return nil
	})
}

// judgeRequests compares what was asked for with what the edits had to ask for.
func (v *Verdict) judgeRequests(l *Load, requests []tables.Request) {
	v.requests = len(requests)
	for _, line := range oracle.Once(requests) {
		v.Twice.addf("%s", line)
	}
	asked, newest := map[tables.CascadeID]map[int64]bool{}, map[int64]int64{}
	for _, q := range requests {
		if q.Reason == tables.LinkSelf {
			continue
		}
		if asked[q.Cascade.ID] == nil {
			asked[q.Cascade.ID] = map[int64]bool{}
		}
		asked[q.Cascade.ID][q.PageID] = true
		newest[q.PageID] = max(newest[q.PageID], q.Stale)
	}
	for _, e := range l.Edits() {
		for _, page := range slices.Sorted(maps.Keys(e.Pages)) {
			if !asked[e.Cascade][page] {
				v.Lost.addf("page %d, by the edit of %s", page, e.Title.DBKey)
			}
		}
		for _, page := range slices.Sorted(maps.Keys(asked[e.Cascade])) {
			if e.Exact && !e.Pages[page] {
				v.Extra.addf("page %d, by the edit of %s", page, e.Title.DBKey)
			}
		}
	}
	must := l.Stale()
	for _, page := range slices.Sorted(maps.Keys(must)) {
		if newest[page] < must[page] {
			v.Stale.addf("page %d uses a template that was edited at %d, and was last asked for because of %d", page, must[page], newest[page])
		}
	}
}

// judgeStores compares each worker's local tables with their changelogs.
func (r *Run) judgeStores(ctx context.Context, v *Verdict) error {
	topics := []string{
		tables.Pages.Topic(), tables.Titles.Topic(), tables.Links.Topic(), tables.Dependents.Topic(), tables.Requests.Topic(), tables.Cascades.Topic(),
	}
	logs, err := readChangelogs(ctx, r.Brokers, topics)
	if err != nil {
		return err
	}
	for p, log := range logs {
		differ(&v.Compaction, fmt.Sprintf("%s/%d", p.topic, p.id), fold(log, math.MaxInt64), fold(compacted(log), math.MaxInt64))
	}
	for _, w := range r.Workers {
		local, err := topologytest.LocalTables(w.Dir, topologyName)
		if err != nil {
			return fmt.Errorf("worker %s: %w", w.Name, err)
		}
		own := 0
		for _, t := range local {
			log, known := logs[partition{t.Topic, t.Partition}]
			if !known {
				return fmt.Errorf("worker %s has a local table of the unknown topic %q", w.Name, t.Topic)
			}
			if t.Role == "own" && len(t.Rows) > 0 {
				own++
			}
			v.rows += len(t.Rows)
			differ(&v.Stores, fmt.Sprintf("%s: %s/%s/%d below %d", w.Name, t.Group, t.Topic, t.Partition, t.Next), fold(log, t.Next), t.Rows)
		}
		if own == 0 {
			return fmt.Errorf("worker %s had every partition and has no rows", w.Name)
		}
	}
	return nil
}

func differ(to *Faults, where string, want, got map[string][]byte) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		switch value, ok := got[key]; {
		case !ok:
			to.addf("%s: %q is missing", where, key)
		case !bytes.Equal(value, want[key]):
			to.addf("%s: %q differs", where, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok {
			to.addf("%s: %q is too much", where, key)
		}
	}
}
