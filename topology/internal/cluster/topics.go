package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Policy is what the topics that are created are like, and which are.
type Policy struct {
	Partitions      int           // 0: 8
	Replication     int           // 0: 3, or the number of brokers if smaller
	StreamRetention time.Duration // 0: 7 days; negative: for ever
	DeleteRetention time.Duration // of tombstones in tables; 0: 24 hours
	MaxRecordBytes  int           // 0: DefaultMaxRecordBytes

	// OnlyOurs says that a topic that the topology only reads is not created, unless it is declared so: it has to exist.
	OnlyOurs bool
	// StateIsLost says that state which is missing is known to be, and is made anew.
	StateIsLost bool
	// Known reports whether the local store has rows of a table topic. A topic that is missing then was lost. Optional.
	Known func(topic string) bool
}

func (p Policy) withDefaults() Policy {
	if p.Partitions == 0 {
		p.Partitions = 8
	}
	if p.StreamRetention == 0 {
		p.StreamRetention = 7 * 24 * time.Hour
	}
	if p.DeleteRetention == 0 {
		p.DeleteRetention = 24 * time.Hour
	}
	if p.MaxRecordBytes == 0 {
		p.MaxRecordBytes = DefaultMaxRecordBytes
	}
	return p
}

// CompactionLag is how long a record of a table that is created stays in the log whatever comes behind it: long enough for the owner of a partition to
// find what a former one wrote behind it, and to write the rows again that compaction would otherwise lose.
const CompactionLag = 10 * time.Minute

// visibleWithin bounds the wait for topics that were made to be known to all brokers.
const visibleWithin = 30 * time.Second

// EnsureTopics creates the topics of t that do not exist and checks those that do: tables are compacted, loops and streams between processors
// keep their records, and the topics of a processor that must be co-partitioned (inputs, loop, own table, joins) have as many partitions
// each. A topic that is created takes the count of the ones it must agree with, if there are any. Nothing is created beside what does not
// fit, or where the state of a group is gone ([ErrStateMissing]).
// It returns when all are visible. An error names both sides of what does not fit, all of it at once.
func EnsureTopics(ctx context.Context, c *Client, t *kernel.Topology, p Policy) error {
	for range looks {
		err := ensureTopics(ctx, c, t, p)
		if !errors.Is(err, errMeanwhile) {
			return err
		}
		c.settings.Logger.Info("topics are looked at once more", "because", err)
	}
	return ensureTopics(ctx, c, t, p)
}

// looks is how often all is looked at once more because somebody else creates topics at the same time.
const looks = 2

// errMeanwhile says that a topic exists with another number of partitions than was planned when it was not known.
var errMeanwhile = errors.New("was created meanwhile")

func ensureTopics(ctx context.Context, c *Client, t *kernel.Topology, p Policy) error {
	p = p.withDefaults()
	plan := planTopics(t)
	names := slices.Sorted(maps.Keys(plan.topics))
	if len(names) == 0 {
		return nil
	}
	existing, brokers, err := c.existing(ctx, names)
	if err != nil {
		return err
	}
	if p.OnlyOurs {
		if existing, err = c.awaitForeign(ctx, plan, existing); err != nil {
			return err
		}
	}
	configs := map[string]map[string]string{}
	if len(existing) > 0 {
		if configs, err = c.configsOfExisting(ctx, slices.Sorted(maps.Keys(existing))...); err != nil {
			return err
		}
	}
	counts, errs := plan.counts(existing, int32(p.Partitions))
	for _, name := range names {
		n := plan.topics[name]
		if have, ok := existing[name]; ok {
			errs = append(errs, n.check(configs[name], p), n.checkPartitions(have))
		} else if p.OnlyOurs && !n.ours {
			errs = append(errs, n.absent())
		} else { // what would be refused at the next start is not made
			errs = append(errs, n.check(n.planned(p), p))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if !p.StateIsLost {
		if err := c.checkState(ctx, t, existing, p.Known); err != nil {
			return err
		}
	}
	replication := p.Replication
	if replication == 0 {
		replication = min(3, brokers)
	}
	for _, name := range names {
		if _, ok := existing[name]; ok {
			c.keepPartitions(name, existing[name])
			continue
		}
		if err := c.create(ctx, name, counts[name], replication, plan.topics[name].configs(p, replication)); err != nil {
			return err
		}
	}
	return c.waitVisible(ctx, names)
}

// absentFor is how long a topic has to be absent before that is believed: a broker may not know yet what another one does.
const absentFor = 3 * time.Second

// awaitForeign looks again for a while for topics that are not ours to create and that are missing.
func (c *Client) awaitForeign(ctx context.Context, plan topicPlan, existing map[string]int32) (map[string]int32, error) {
	missing := func() (names []string) {
		for name, n := range plan.topics {
			if _, ok := existing[name]; !ok && !n.ours {
				names = append(names, name)
			}
		}
		return names
	}
	deadline := time.Now().Add(absentFor)
	for pause := 20 * time.Millisecond; len(missing()) > 0 && time.Now().Before(deadline); pause = min(2*pause, 500*time.Millisecond) {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
		found, _, err := c.existing(ctx, missing())
		if err != nil {
			return nil, err
		}
		maps.Copy(existing, found)
	}
	return existing, nil
}

// existing returns the partition counts of those topics that exist, and the number of brokers.
func (c *Client) existing(ctx context.Context, names []string) (map[string]int32, int, error) {
	m, err := c.metadata(ctx, names...)
	if err != nil {
		return nil, 0, err
	}
	counts := map[string]int32{}
	for _, name := range names {
		state := m.topics[name]
		if !state.exists() {
			continue
		}
		// A topic that was just made may have partitions without a leader yet: that is for later.
		if state.partitions == 0 {
			return nil, 0, fmt.Errorf("look up topic %q: %w", name, Denied(state.err, Topic, name, "Describe"))
		}
		counts[name] = state.partitions
	}
	return counts, m.brokers, nil
}

// create makes a topic. That another process has made it meanwhile, by the same topology, is no error.
func (c *Client) create(ctx context.Context, name string, partitions int32, replication int, configs map[string]*string) error {
	response, err := c.admin.CreateTopic(ctx, partitions, int16(replication), configs, name)
	if err == nil {
		err = response.Err
	}
	if errors.Is(err, kerr.TopicAlreadyExists) {
		n, _, err := c.existing(ctx, []string{name})
		if err != nil {
			return err
		}
		if have := n[name]; have != 0 && have != partitions {
			return fmt.Errorf("topic %q %w, with %d partitions, not %d", name, errMeanwhile, have, partitions)
		}
		return nil
	}
	if err != nil {
		err = Denied(err, Topic, name, "Create")
		return fmt.Errorf("create topic %q with %d partitions, replication %d: %w %s", name, partitions, replication, err, response.ErrMessage)
	}
	c.settings.Logger.Info("topic created", "topic", name, "partitions", partitions, "replication", replication)
	return nil
}

// waitVisible returns when every partition of the topics has a leader.
func (c *Client) waitVisible(ctx context.Context, names []string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, visibleWithin, fmt.Errorf("not visible within %s", visibleWithin))
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		missing, err := c.unseen(ctx, names)
		if err == nil && missing == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("topic %q: %w", missing, errors.Join(context.Cause(ctx), err))
		case <-time.After(pause):
		}
	}
}

// unseen is the first topic that is not ready, and remembers the partition counts of those that are.
func (c *Client) unseen(ctx context.Context, names []string) (string, error) {
	m, err := c.metadata(ctx, names...)
	if err != nil {
		return names[0], err
	}
	for _, name := range names {
		state := m.topics[name]
		if state.err != nil || state.partitions == 0 {
			return name, state.err
		}
		c.learn(name, state)
	}
	return "", nil
}
