package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Policy is what the topics that are created are like.
type Policy struct {
	Partitions      int           // 0: 8
	Replication     int           // 0: 3, or the number of brokers if smaller
	StreamRetention time.Duration // 0: 7 days; negative: for ever
	DeleteRetention time.Duration // of tombstones in tables; 0: 24 hours
	MaxRecordBytes  int           // 0: DefaultMaxRecordBytes
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

// EnsureTopics creates the topics of t that do not exist and checks those that do: tables are compacted, loops are not and keep their
// records, and the topics of a processor that must be co-partitioned (inputs, loop, own table, joins) have as many partitions each. A
// topic that is created takes the count of the ones it must agree with, if there are any.
// It returns when all are visible. An error names both sides of what does not fit, all of it at once.
func EnsureTopics(ctx context.Context, c *Client, t *kernel.Topology, p Policy) error {
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
	configs := map[string]map[string]string{}
	if len(existing) > 0 {
		if configs, err = c.configsOfExisting(ctx, slices.Sorted(maps.Keys(existing))...); err != nil {
			return err
		}
	}
	counts, errs := plan.counts(existing, int32(p.Partitions))
	for _, name := range names {
		if _, ok := existing[name]; ok {
			errs = append(errs, plan.topics[name].check(configs[name], p)...)
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
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
			return nil, 0, fmt.Errorf("look up topic %q: %w", name, state.err)
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
			return fmt.Errorf("topic %q was created meanwhile with %d partitions, not %d", name, have, partitions)
		}
		return nil
	}
	if err != nil {
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
		c.keepPartitions(name, state.partitions)
	}
	return "", nil
}

// need is what a topic is needed for.
type need struct {
	name      string
	table     bool
	loop      bool
	retention time.Duration // 0: by the policy
}

// configs are the settings that the topic is created with.
func (n need) configs(p Policy, replication int) map[string]*string {
	c := map[string]string{}
	switch {
	case n.table:
		c["cleanup.policy"] = "compact"
		c["delete.retention.ms"] = strconv.FormatInt(p.DeleteRetention.Milliseconds(), 10)
		c["min.compaction.lag.ms"] = strconv.FormatInt(CompactionLag.Milliseconds(), 10)
	default:
		c["cleanup.policy"] = "delete"
		c["retention.ms"] = strconv.FormatInt(n.keep(p), 10)
	}
	if replication >= 3 {
		// Acknowledged by all in-sync replicas means little where one may be all.
		c["min.insync.replicas"] = "2"
	}
	if p.MaxRecordBytes > DefaultMaxRecordBytes {
		c["max.message.bytes"] = strconv.Itoa(p.MaxRecordBytes + batchOverhead)
	}
	pointers := map[string]*string{}
	for key, value := range c {
		pointers[key] = new(value)
	}
	return pointers
}

// keep is the retention in milliseconds that a stream is created with, -1 for ever. Kafka takes the age of a record from its
// timestamp, which is the event's: of a loop that works through old events it would delete the work that waits. So
// loops keep everything, until it is purged behind the processor.
func (n need) keep(p Policy) int64 {
	retention := n.retention
	if retention == 0 {
		retention = p.StreamRetention
		if n.loop {
			retention = -1
		}
	}
	if retention < 0 {
		return -1
	}
	return retention.Milliseconds()
}

// check compares the settings of a topic that exists with what it is needed for.
func (n need) check(have map[string]string, p Policy) []error {
	policy := have["cleanup.policy"]
	if n.table {
		if policy != "compact" {
			return []error{fmt.Errorf("topic %q is a table, which needs cleanup.policy %q, and has %q", n.name, "compact", policy)}
		}
		return nil
	}
	if !n.loop {
		return nil // other people's streams are theirs
	}
	if strings.Contains(policy, "compact") {
		return []error{fmt.Errorf("topic %q is a loop, which needs cleanup.policy %q, and has %q", n.name, "delete", policy)}
	}
	// A retention that is set but shorter than that of any stream is an oversight: messages on their way would be deleted.
	ms, err := strconv.ParseInt(have["retention.ms"], 10, 64)
	if want := p.StreamRetention; err == nil && ms >= 0 && want > 0 && ms < want.Milliseconds() {
		return []error{fmt.Errorf("topic %q is a loop, which needs a retention.ms of at least %d or -1, and has %d", n.name, want.Milliseconds(), ms)}
	}
	return nil
}
