//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

func killBroker(_ context.Context, r *Run, s Step) error {
	for _, i := range s.Who {
		if err := r.kafka.Kill(i); err != nil {
			return err
		}
	}
	return nil
}

// loseBroker kills brokers of which others have everything: nothing may hang on one alone that stays away.
func loseBroker(ctx context.Context, r *Run, s Step) error {
	if err := r.inSync(ctx); err != nil {
		return err
	}
	return killBroker(ctx, r, s)
}

// startBroker starts brokers that were killed, and waits until all that they have to have is in sync again.
func startBroker(ctx context.Context, r *Run, s Step) error {
	for _, i := range s.Who {
		if err := r.kafka.StartBroker(ctx, i); err != nil {
			return err
		}
	}
	return r.inSync(ctx)
}

func pauseBroker(_ context.Context, r *Run, s Step) error { return r.kafka.Pause(s.Who[0]) }

func continueBroker(_ context.Context, r *Run, s Step) error { return r.kafka.Continue(s.Who[0]) }

// inSyncPoll is how often replicas are asked for.
const inSyncPoll = 100 * time.Millisecond

// inSync waits until every partition has a leader, and all its replicas are in sync.
func (c *Cluster) inSync(ctx context.Context) error {
	for {
		topics, err := c.admin.ListTopicsWithInternal(ctx)
		if err != nil {
			return fmt.Errorf("waiting for replicas: %w", err)
		}
		behind := 0
		topics.EachPartition(func(p kadm.PartitionDetail) {
			if p.Err != nil || p.Leader < 0 || len(p.ISR) < len(p.Replicas) {
				behind++
			}
		})
		if behind == 0 && len(topics) > 0 {
			return nil
		}
		if err := pause(ctx, inSyncPoll); err != nil {
			return fmt.Errorf("waiting for replicas of %d partitions: %w", behind, err)
		}
	}
}

// What may lose its tail.
const (
	tailOfTable   = "a table"
	tailOfStream  = "a stream between processors"
	tailOfInput   = "an input"
	tailOfOffsets = "the groups' offsets"
)

// markTail remembers where the logs of some topic end. Of inputs and streams, which have more than was read, it is what the groups have
// committed: that something is lost which nobody has read, nobody can know.
func markTail(ctx context.Context, r *Run, s Step) error {
	topic, err := r.tailOf(s.What)
	if err != nil {
		return err
	}
	r.tail, err = r.ends(ctx, topic)
	if err == nil && (s.What == tailOfInput || s.What == tailOfStream) {
		var committed map[int32]int64
		committed, err = r.committed(ctx, topic)
		for p, end := range r.tail[topic] {
			end.At = committed[p]
			r.tail[topic][p] = end
		}
	}
	return err
}

// ends returns where the logs of a topic end.
func (r *Run) ends(ctx context.Context, topic string) (kadm.Offsets, error) {
	listed, err := r.admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = listed.Error()
	}
	return listed.Offsets(), err
}

// committed returns the least offset that a group has committed of each partition of a topic.
func (r *Run) committed(ctx context.Context, topic string) (map[int32]int64, error) {
	least := map[int32]int64{}
	for _, fetched := range r.admin.FetchManyOffsets(ctx, r.groups...) {
		if fetched.Err != nil {
			return nil, fetched.Err
		}
		for p, o := range fetched.Fetched[topic] {
			if at, known := least[p]; !known || o.At < at {
				least[p] = o.At
			}
		}
	}
	return least, nil
}

// loseTail kills the broker, which comes back without what was written to some topic since [markTail]. The workers of the step are killed
// before, and come back with their data.
func loseTail(ctx context.Context, r *Run, s Step) error {
	if err := kill(ctx, r, s); err != nil {
		return err
	}
	if err := r.kafka.Kill(0); err != nil {
		return err
	}
	for _, end := range r.tail.Sorted() {
		if _, err := r.kafka.LoseTail(0, end.Topic, end.Partition, end.At); err != nil {
			return err
		}
		r.hurt[partition{end.Topic, end.Partition}] = true
	}
	if err := r.keep(r.workers(s)...); err != nil {
		return err
	}
	return inOrder(ctx, func(ctx context.Context) error { return r.kafka.StartBroker(ctx, 0) }, r.starting(r.workers(s)...))
}

// tailOf draws the topic that loses its tail.
func (r *Run) tailOf(what string) (string, error) {
	topics := map[string][]string{
		tailOfTable: r.pipeline.tables(), tailOfStream: r.pipeline.streams(), tailOfInput: r.pipeline.inputs(), tailOfOffsets: {"__consumer_offsets"},
	}[what]
	if len(topics) == 0 {
		return "", fmt.Errorf("there is nothing that is %q", what)
	}
	return topics[r.random.IntN(len(topics))], nil
}

// risky are the topics that may lose something in an unclean election: those whose loss leaves a load's outcome known.
func (r *Run) risky() []string {
	topics := append(slices.Clone(r.pipeline.tables()), r.pipeline.streams()...)
	if r.Pipeline == Counting {
		topics = append(topics, r.pipeline.inputs()...)
	}
	return topics
}

// allowUnclean lets topics be written by one replica alone, and some elect one that has not everything.
func allowUnclean(ctx context.Context, r *Run) error {
	topics, err := r.listed(ctx, slices.Concat(r.risky(), r.pipeline.inputs(), r.pipeline.outputs()))
	if err != nil {
		return err
	}
	return errors.Join(r.set(ctx, "min.insync.replicas", "1", topics...), r.set(ctx, "unclean.leader.election.enable", "true", r.risky()...))
}

// listed returns the names of all topics, once some are among them: the broker that is asked may not know yet of those that were just made.
func (r *Run) listed(ctx context.Context, some []string) (all []string, err error) {
	err = again(ctx, func() error {
		topics, err := r.admin.ListTopics(ctx)
		if err != nil {
			return err
		}
		for _, t := range some {
			if !topics.Has(t) {
				return fmt.Errorf("topic %q is not listed", t)
			}
		}
		all = topics.Names()
		return nil
	})
	return all, err
}

// set changes a setting of topics.
func (r *Run) set(ctx context.Context, name, value string, topics ...string) error {
	changed, err := r.admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: name, Value: &value}}, topics...)
	for _, c := range changed {
		if c.Err != nil {
			err = errors.Join(err, fmt.Errorf("topic %q: %w %s", c.Name, c.Err, c.ErrMessage))
		}
	}
	return err
}

// uncleanElection kills the second broker of a step, which has written on alone since the first was killed, and starts the first: it leads
// without what it has missed.
func uncleanElection(ctx context.Context, r *Run, s Step) error {
	for _, topic := range r.risky() {
		for p := range int32(partitions) {
			r.hurt[partition{topic, p}] = true
		}
	}
	if err := r.kafka.Kill(s.Who[1]); err != nil {
		return err
	}
	return r.kafka.StartBroker(ctx, s.Who[0])
}

// truncate starts the second broker, which gives up what the first does not have.
func truncate(ctx context.Context, r *Run, s Step) error {
	s.Who = s.Who[1:]
	return startBroker(ctx, r, s)
}
