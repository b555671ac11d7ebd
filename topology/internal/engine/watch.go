package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// watchEvery is how often the topics are looked at: whether they are still what they were.
const watchEvery = 5 * time.Second

// topics lists the topics that processors read and write.
func topics(processors []*processor) []string {
	all := map[string]bool{}
	for _, p := range processors {
		for _, d := range p.inputs {
			all[d.topic] = true
		}
		for out := range p.outputs {
			all[out.Topic.Name] = true
		}
		for _, t := range slices.Concat(p.k.OwnTables(), p.k.Joins, p.k.Lookups) {
			all[t.Topic.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// watch ends the run when a topic of its processors gets more partitions, is made anew or deleted: who counts partitions counted them at the start.
func (e *Engine) watch(processors []*processor) {
	names := topics(processors)
	every := e.opts.WatchInterval
	if every == 0 {
		every = watchEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		ctx, cancel := context.WithTimeout(e.ctx, every)
		if err := e.opts.Client.Refresh(ctx, names...); err != nil && e.ctx.Err() == nil {
			e.opts.Logger.Debug("topics are not looked at", "error", err) // whoever needs the brokers says that they are away
		}
		cancel()
		select {
		case <-e.ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// topicChanged ends the run if the topic matters to it.
func (e *Engine) topicChanged(err error) {
	if e.ctx.Err() == nil {
		e.fail(err)
	}
}

// sameCounts compares the numbers of partitions that the brokers tell with those that the processors have counted, and ends the run where
// they differ: what is in the others is read by nobody.
func (e *Engine) sameCounts(ends map[string][]int64) error {
	check := func(topic string, have int32) error {
		now, asked := ends[topic]
		if !asked || len(now) == int(have) {
			return nil
		}
		err := fmt.Errorf("topic %q: %w: it had %d partitions and has %d", topic, cluster.ErrTopicChanged, have, len(now))
		e.topicChanged(err)
		return err
	}
	for _, p := range *e.processors.Load() {
		for _, d := range p.inputs {
			if err := check(d.topic, p.partitions); err != nil {
				return err
			}
		}
		for _, t := range p.k.Joins {
			if err := check(t.Topic.Name, p.partitions); err != nil {
				return err
			}
		}
	}
	for topic, r := range e.lookups {
		if err := check(topic, r.Partitions()); err != nil {
			return err
		}
	}
	return nil
}
