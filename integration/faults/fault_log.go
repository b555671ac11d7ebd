//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/eddystream/eddy/topology"
)

// keep remembers what workers that do not run have locally of the partitions that have lost something.
func (r *Run) keep(workers ...*Worker) error {
	for _, w := range workers {
		local, err := r.stores(w)
		if err != nil {
			return err
		}
		r.kept[w] = local
	}
	return nil
}

// hurtAll says that all partitions of a topic have lost something.
func (r *Run) hurtAll(topic string) {
	for p := range int32(partitions) {
		r.hurt[partition{topic, p}] = true
	}
}

// killRest kills those of the workers that still run.
func (r *Run) killRest(ctx context.Context) error {
	for _, w := range r.running() {
		w.Expect()
		if running, _ := w.state(); running {
			if err := w.Kill(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// table draws a table's topic.
func (r *Run) table() string {
	all := r.pipeline.tables()
	return all[r.random.IntN(len(all))]
}

// deleteTopics deletes the topic of a table. Workers of the step that do not run have a copy of it, which they are to keep.
func deleteTopics(ctx context.Context, r *Run, s Step) error {
	topic := r.table()
	r.hurtAll(topic)
	if err := r.keep(r.workers(s)...); err != nil {
		return err
	}
	r.gone[topic] = true
	deleted, err := r.admin.DeleteTopics(ctx, topic)
	return errors.Join(err, deleted.Error())
}

// deleteUnderWorkers deletes the topic of a table while workers run. One has to end and to name it; they are started again by the step's end.
func deleteUnderWorkers(ctx context.Context, r *Run, s Step) error {
	if err := deleteTopics(ctx, r, Step{}); err != nil {
		return err
	}
	words, err := r.last(ctx, r.running()...)
	if err == nil {
		err = r.named(words)
	}
	if err != nil && !r.Goka { // which is not asked for as much
		return err
	}
	if err := r.killRest(ctx); err != nil {
		return err
	}
	return r.keep(r.workers(s)...)
}

// emptyTopics deletes all records of a table's topic.
func emptyTopics(ctx context.Context, r *Run, s Step) error {
	topic := r.table()
	r.hurtAll(topic)
	if err := r.keep(r.workers(s)...); err != nil {
		return err
	}
	ends, err := r.ends(ctx, topic)
	if err != nil {
		return err
	}
	return inOrder(ctx,
		func(ctx context.Context) error { return r.set(ctx, "cleanup.policy", "delete", topic) },
		r.deleteRecords(ends),
		func(ctx context.Context) error { return r.set(ctx, "cleanup.policy", "compact", topic) })
}

// deleteRecords deletes the records before offsets.
func (r *Run) deleteRecords(before kadm.Offsets) step {
	return func(ctx context.Context) error {
		deleted, err := r.admin.DeleteRecords(ctx, before)
		return errors.Join(err, deleted.Error())
	}
}

// expire deletes the first half of what nobody has read yet, of each partition of an input.
func expire(ctx context.Context, r *Run, _ Step) error {
	inputs := r.pipeline.inputs()
	topic := inputs[len(inputs)-1] // that of the flood
	if err := r.flood.end(ctx); err != nil {
		return err
	}
	if err := r.pipeline.flood(ctx, floodPiece); err != nil {
		return err
	}
	if err := r.pipeline.flush(ctx); err != nil {
		return err
	}
	ends, err := r.ends(ctx, topic)
	if err != nil {
		return err
	}
	committed, err := r.committed(ctx, topic)
	if err != nil {
		return err
	}
	before := kadm.Offsets{}
	for p, end := range ends[topic] {
		if unread := end.At - committed[p]; unread > 1 {
			before.Add(kadm.Offset{Topic: topic, Partition: p, At: committed[p] + unread/2, LeaderEpoch: -1})
			r.hurt[partition{topic, p}] = true
		}
	}
	if len(before) == 0 {
		return fmt.Errorf("topic %q: nothing is unread", topic)
	}
	return r.deleteRecords(before)(ctx)
}

// restore writes tables again from what the workers have on disk. None of them runs.
func restore(ctx context.Context, r *Run) error {
	for _, w := range r.Workers {
		cfg := r.cfg
		cfg.InMemory, cfg.DataDir = false, w.Dir
		if err := topology.RestoreTables(ctx, r.pipeline.topology(), cfg, topology.RepairOptions{}); err != nil {
			return fmt.Errorf("worker %s: %w", w.Name, err)
		}
	}
	return nil
}

// grow adds partitions to an input. Nothing can be done about that but what the workers' owner decides.
func grow(ctx context.Context, r *Run, _ Step) error {
	inputs := r.pipeline.inputs()
	topic := inputs[r.random.IntN(len(inputs))]
	r.gone[topic], r.incurable = true, true
	grown, err := r.admin.UpdatePartitions(ctx, partitions+1+r.random.IntN(3), topic)
	return errors.Join(err, grown.Error())
}

// wayOut is what a worker has to say beside what it has found: what can be done.
var wayOut = regexp.MustCompile(`eddy (reset|restore)|OnLostOffset`)

// aPartition finds the numbers of partitions.
var aPartition = regexp.MustCompile(`(?i)partitions? \[?(\d+)`)

// refused returns nil if the last words of a worker say which log has lost something, and what can be done.
func (r *Run) refused(words string) error {
	if err := r.named(words); err != nil {
		return err
	}
	if !r.incurable && !wayOut.MatchString(words) {
		return fmt.Errorf("a worker ended because a log has lost something, and does not say what can be done: %s", words)
	}
	return nil
}

// named returns nil if the last words of a worker name a topic that is not what it was, and the partition, unless all of it is gone.
func (r *Run) named(words string) error {
	for topic := range r.gone {
		if strings.Contains(words, topic) {
			return nil
		}
	}
	for p := range r.hurt {
		if !strings.Contains(words, p.topic) {
			continue
		}
		for _, m := range aPartition.FindAllStringSubmatch(words, -1) {
			if m[1] == strconv.Itoa(int(p.id)) {
				return nil
			}
		}
	}
	return fmt.Errorf("a worker ended and does not name the topic, and partition, that has lost something, one of %s: %s", r.lost(), words)
}

// lost lists the topics that have lost something.
func (r *Run) lost() []string {
	var list []string
	for t := range r.gone {
		list = append(list, t)
	}
	for p := range r.hurt {
		list = append(list, p.topic)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
