package engine

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// inputsOf are the processor's inputs at a partition.
func (p *processor) inputsOf(partition int32) []kernel.TopicPartition {
	list := make([]kernel.TopicPartition, len(p.inputs))
	for i, d := range p.inputs {
		list[i] = kernel.TopicPartition{Topic: d.topic, Partition: partition}
	}
	return list
}

// footing is what the processor's group has committed with a partition of a table of its own: that of the last owner. Metadata that cannot be read
// is an error when the partition is taken over.
func (p *processor) footing(found map[kernel.TopicPartition]cluster.CommittedOffset, table string, partition int32) changelog.Footing {
	var f changelog.Footing
	var epoch int64
	for _, tp := range p.inputsOf(partition) {
		seen, err := fence.ParseSeen(found[tp].Metadata)
		if err != nil {
			continue
		}
		l, ok := seen.Mark.Changelogs[table]
		if by := seen.Epoch(fence.Task{Partition: partition}); ok && (by > epoch || by == epoch && l.Next > f.Log.Next) {
			f.Log, epoch = l, by
		}
	}
	return f
}

// committedAt is what the group has committed at partitions that are not assigned here.
func (p *processor) committedAt(ctx context.Context, partitions []int32) (map[kernel.TopicPartition]cluster.CommittedOffset, error) {
	var inputs []kernel.TopicPartition
	for _, partition := range partitions {
		inputs = append(inputs, p.inputsOf(partition)...)
	}
	if len(inputs) == 0 {
		return nil, nil //nolint:nilnil // nothing is asked for
	}
	found, err := p.e.opts.Client.StableOffsets(ctx, p.k.Group, inputs)
	if err != nil {
		return nil, fmt.Errorf("processor %q: %w", p.k.Name, err)
	}
	return found, nil
}

// stand notes what the offsets of the task stand on: the topics of its inputs, and how far its tables' changelogs are known to go.
func (t *task) stand(l logs) {
	t.logs = map[string]fence.Log{}
	for _, r := range t.stores {
		t.logs[r.tp.Topic] = r.log
	}
	for _, in := range t.inputs {
		in.seen.Mark = fence.Mark{Input: l.ids[in.tp.Topic], Changelogs: t.logs}
		in.stale = true
	}
}

// restand notes how far the changelogs have got, for the offsets that are committed next. They are a batch behind: what the open one
// writes is not in the log yet.
func (t *task) restand() {
	var moved map[string]fence.Log
	for _, r := range t.stores {
		l := t.logs[r.tp.Topic]
		next := r.ends.Load()
		if next == l.Next {
			continue
		}
		if moved == nil {
			moved = maps.Clone(t.logs) // what is committed now has the old one
		}
		l.Next = next
		moved[r.tp.Topic] = l
	}
	if moved == nil {
		return
	}
	t.logs = moved
	for _, in := range t.inputs {
		in.seen.Mark.Changelogs, in.stale = moved, true
	}
}

// KnowsTable reports whether a local store has rows of a table that its process, or a standby, owned.
func KnowsTable(db *store.DB) func(topic string) bool {
	return func(topic string) bool {
		for _, name := range db.Names() {
			if parts := strings.Split(name, "/"); len(parts) != 4 || parts[1] != roleOwn || parts[2] != topic {
				continue
			}
			table, err := db.Table(name)
			if err != nil {
				continue // whoever opens it says so
			}
			for _, err := range table.Range(nil, nil) {
				if err == nil {
					return true
				}
				break
			}
		}
		return false
	}
}
