package engine

import (
	"context"
	"slices"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// purger deletes from streams that are internal to the topology what all their readers have committed. They keep their records for ever,
// because the age of a record is that of what it is about and not that of the work; so without this they would only grow.
type purger struct {
	e      *Engine
	known  bool
	topics []string // that are purged
	gone   map[kernel.TopicPartition]int64
}

func newPurger(e *Engine) *purger { return &purger{e: e, gone: map[kernel.TopicPartition]int64{}} }

// readers are the groups of the whole topology that read its topics.
func (u *purger) readers(topics []string) map[string][]string {
	readers := map[string][]string{}
	add := func(topic, group string) {
		if slices.Contains(topics, topic) {
			readers[topic] = append(readers[topic], group)
		}
	}
	for _, p := range u.e.opts.Whole.Processors {
		for _, in := range p.Inputs {
			add(in.Topic.Name, p.Group)
		}
		if p.Loop != nil {
			add(p.Loop.Topic.Name, p.Group)
		}
	}
	return readers
}

// purge deletes from the partitions that are assigned here. A partition is assigned once for every processor that reads the topic: whoever
// comes first deletes what all have read.
func (u *purger) purge(ctx context.Context, processors []*processor) error {
	client := u.e.opts.Client
	if !u.known {
		topics, err := cluster.Purged(ctx, client, u.e.opts.Whole)
		if err != nil {
			return err
		}
		u.topics, u.known = topics, true
	}
	here := map[kernel.TopicPartition]bool{}
	read := map[string]bool{}
	for _, p := range processors {
		a := p.running.Load()
		if a == nil {
			continue
		}
		for _, d := range p.inputs {
			if !slices.Contains(u.topics, d.topic) {
				continue
			}
			for partition := range a.tasks {
				here[kernel.TopicPartition{Topic: d.topic, Partition: partition}] = true
				read[d.topic] = true
			}
		}
	}
	if len(here) == 0 {
		return nil
	}
	readers := u.readers(u.topics)
	for topic := range readers {
		if !read[topic] {
			delete(readers, topic)
		}
	}
	unread, err := client.Unread(ctx, readers)
	if err != nil {
		return err
	}
	below := map[string]map[int32]int64{}
	for tp, at := range unread {
		if !here[tp] || at <= u.gone[tp] {
			continue
		}
		if below[tp.Topic] == nil {
			below[tp.Topic] = map[int32]int64{}
		}
		below[tp.Topic][tp.Partition] = at
	}
	for topic, partitions := range below {
		if err := client.Purge(ctx, topic, partitions); err != nil {
			return err
		}
		for partition, at := range partitions {
			u.gone[kernel.TopicPartition{Topic: topic, Partition: partition}] = at
		}
	}
	return nil
}
