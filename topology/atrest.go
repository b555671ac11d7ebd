package topology

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// AtRest reports whether all processes that run t, wherever they are, have nothing left to do: of every input and loop
// partition all records are committed. Members commit within 200 ms of processing. Transaction markers at the end of a log do
// not count.
//
// The committed offsets are read first and the ends after. As both only grow, and no offset passes its end, equality everywhere
// means that there was a moment when all was at rest, unless somebody outside of t wrote to its inputs since. Of cfg it uses
// what says how to reach the brokers.
func AtRest(ctx context.Context, t *Topology, cfg Config) (bool, error) {
	client, err := openClient(cfg)
	if err != nil {
		return false, err
	}
	defer client.Close()
	return atRest(ctx, client, t.kernel, cfg.withDefaults().Logger)
}

func atRest(ctx context.Context, client *cluster.Client, t *kernel.Topology, logger *slog.Logger) (bool, error) {
	type reading struct {
		topic     string
		committed map[int32]int64
	}
	var read []reading
	var topics []string
	for _, p := range t.Processors {
		committed, err := client.Committed(ctx, p.Group)
		if err != nil {
			return false, fmt.Errorf("processor %q: %w", p.Name, err)
		}
		for _, topic := range consumed(p) {
			read = append(read, reading{topic, committed[topic]})
			if !slices.Contains(topics, topic) { // several processors may read one topic
				topics = append(topics, topic)
			}
		}
	}
	if len(topics) == 0 {
		return true, nil
	}
	starts, err := client.Starts(ctx, topics...)
	if err != nil {
		return false, err
	}
	ends, err := client.Ends(ctx, topics...)
	if err != nil {
		return false, err
	}
	reader, err := changelog.NewReader(client, logger)
	if err != nil {
		return false, err
	}
	defer reader.Close()
	for _, r := range read {
		for partition, end := range ends[r.topic] {
			at, ok := r.committed[int32(partition)]
			if !ok && partition < len(starts[r.topic]) {
				at = starts[r.topic][partition]
			}
			if at >= end {
				continue
			}
			if empty, err := reader.Empty(ctx, r.topic, int32(partition), at, end); err != nil || !empty {
				return false, err
			}
		}
	}
	return true, nil
}

// consumed lists the topics whose offsets a processor commits.
func consumed(p *kernel.Processor) []string {
	var topics []string
	for _, in := range p.Inputs {
		topics = append(topics, in.Topic.Name)
	}
	if p.Loop != nil {
		topics = append(topics, p.Loop.Topic.Name)
	}
	return topics
}
