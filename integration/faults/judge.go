//go:build unix

package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"

	"github.com/eddystream/eddy/topology/topologytest"
)

// judge compares what is left. No worker runs.
func (r *Run) judge(ctx context.Context) (*Verdict, error) {
	v := r.verdict()
	if err := r.pipeline.judge(ctx, v); err != nil {
		return nil, err
	}
	return v, r.judgeStores(ctx, v)
}

// judgeRefused judges what a worker left that ended with the given words because a log has lost something: what there was locally is
// still there. The other workers are killed.
func (r *Run) judgeRefused(ctx context.Context, words string) (*Verdict, error) {
	if err := r.halt(ctx); err != nil {
		return nil, err
	}
	v := r.verdict()
	v.Refusal = words
	for _, w := range r.Workers {
		had, known := r.kept[w]
		if !known {
			continue
		}
		local, err := r.stores(w)
		if err != nil {
			return nil, err
		}
		for p, rows := range had {
			for _, key := range slices.Sorted(maps.Keys(rows)) {
				if _, still := local[p][key]; !still {
					v.Thrown.addf("%s: %s/%d: %q", w.Name, p.topic, p.id, key)
				}
			}
		}
	}
	return v, r.judgeStores(ctx, v)
}

func (r *Run) verdict() *Verdict {
	v := &Verdict{exactlyOnce: r.Delivery == ExactlyOnce}
	for p := range r.hurt {
		v.inputLost = v.inputLost || slices.Contains(r.pipeline.inputs(), p.topic)
	}
	for _, w := range r.Workers {
		v.Ends += w.Ends()
	}
	return v
}

// stores reads the worker's own tables of the partitions that have lost something.
func (r *Run) stores(w *Worker) (map[partition]map[string][]byte, error) {
	local, err := r.pipeline.stores(w.Dir)
	if err != nil {
		return nil, fmt.Errorf("worker %s: %w", w.Name, err)
	}
	all := map[partition]map[string][]byte{}
	for _, t := range local {
		if p := (partition{t.Topic, t.Partition}); t.Role == "own" && r.hurt[p] {
			all[p] = t.Rows
		}
	}
	return all, nil
}

// judgeStores compares each worker's local tables with their changelogs, but for those that have lost something.
func (r *Run) judgeStores(ctx context.Context, v *Verdict) error {
	var topics []string
	for _, t := range slices.Concat(r.pipeline.tables(), r.pipeline.unwritten()) {
		if !r.gone[t] {
			topics = append(topics, t)
		}
	}
	logs, err := readChangelogs(ctx, r.kafka.Addrs(), topics)
	if err != nil {
		return err
	}
	for p, log := range logs {
		if v.Refusal != "" {
			break // no owner had the time to write such rows again
		}
		differ(&v.Compaction, fmt.Sprintf("%s/%d", p.topic, p.id), fold(log, math.MaxInt64), fold(compacted(log), math.MaxInt64))
	}
	for _, w := range r.Workers {
		local, err := r.pipeline.stores(w.Dir)
		if v.Refusal != "" && errors.Is(err, fs.ErrNotExist) {
			continue // it had none
		}
		if err != nil {
			return fmt.Errorf("worker %s: %w", w.Name, err)
		}
		own := 0
		for _, t := range local {
			if t.Role == "own" && len(t.Rows) > 0 {
				own++
			}
			if err := r.judgeStore(v, w, t, logs); err != nil {
				return err
			}
		}
		if own == 0 && v.Refusal == "" {
			return fmt.Errorf("worker %s had every partition and has no rows", w.Name)
		}
	}
	return nil
}

func (r *Run) judgeStore(v *Verdict, w *Worker, t topologytest.LocalTable, logs map[partition][]entry) error {
	p := partition{t.Topic, t.Partition}
	if r.gone[t.Topic] || v.Refusal != "" && r.hurt[p] || t.Role == index {
		return nil
	}
	log, known := logs[p]
	if !known {
		return fmt.Errorf("worker %s has a local table of the unknown topic %q", w.Name, t.Topic)
	}
	v.rows += len(t.Rows)
	differ(&v.Stores, fmt.Sprintf("%s: %s/%s/%d below %d", w.Name, t.Group, t.Topic, t.Partition, t.Next), fold(log, t.Next), t.Rows)
	return nil
}

// index is the role of what a store has of a log beside its rows, in another order.
const index = "index"

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
