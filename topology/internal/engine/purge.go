package engine

import (
	"context"
	"time"
)

// purge deletes from the loops what is committed, until the run ends. A loop is read by its own processor only, and it keeps its
// records for ever, because their age is that of what they are about and not that of the work; so without this it would only grow.
func (e *Engine) purge(processors []*processor) {
	interval := e.opts.PurgeInterval
	if interval == 0 {
		interval = time.Minute
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	gone := map[place]int64{}
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-ticker.C:
		}
		for _, p := range processors {
			if p.k.Loop == nil {
				continue
			}
			if err := p.purge(e.ctx, gone); err != nil && e.ctx.Err() == nil {
				p.log.Warn("purge loop", "topic", p.k.Loop.Topic.Name, "error", err)
			}
		}
	}
}

// purge deletes what is committed from the partitions of the loop that are assigned here. What is gone already is not asked for again.
func (p *processor) purge(ctx context.Context, gone map[place]int64) error {
	a := p.running.Load()
	if a == nil {
		return nil
	}
	topic := p.k.Loop.Topic.Name
	committed, err := p.e.opts.Client.Committed(ctx, p.k.Group)
	if err != nil {
		return err
	}
	below := map[int32]int64{}
	for partition := range a.tasks {
		if at := committed[topic][partition]; at > gone[place{topic, partition}] {
			below[partition] = at
		}
	}
	if len(below) == 0 {
		return nil
	}
	if err := p.e.opts.Client.Purge(ctx, topic, below); err != nil {
		return err
	}
	for partition, at := range below {
		gone[place{topic, partition}] = at
	}
	return nil
}
