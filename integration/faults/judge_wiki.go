//go:build unix

package faults

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

func (w *wiki) judge(ctx context.Context, v *Verdict) error {
	if err := w.judgeTables(ctx, v); err != nil {
		return err
	}
	here, err := replay.Here(ctx, w.c.cfg)
	if err != nil {
		return err
	}
	outcome, err := replay.Collect(ctx, w.c.cfg, replay.Position{}, here)
	if err != nil {
		return err
	}
	v.judgeRequests(w.events, outcome.Requests())
	return nil
}

// judgeTables compares tables with those of a batch program.
func (w *wiki) judgeTables(ctx context.Context, v *Verdict) error {
	want, err := oracle.Batch(tables.AnyWiki(), slices.Values(w.events.Log()))
	if err != nil {
		return err
	}
	got, err := oracle.ReadTables(ctx, w.c.cfg)
	if err != nil {
		return err
	}
	for _, line := range want.Diff(got, math.MaxInt) {
		v.Tables.addf("%.240s", line)
	}
	return replay.ReadTable(ctx, w.c.cfg, tables.Cascades, func(view *topology.View[tables.CascadeID, *tables.CascadeRow]) error {
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
	v.records = len(requests)
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
