package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// InternalSegmentBytes is the size of the segments of the streams that are purged: only whole segments are ever removed.
	InternalSegmentBytes = 50 << 20
	// tableSegmentBytes and tableSegmentTime bound the segment of a table that is written to, which is never compacted.
	tableSegmentBytes = 50 << 20
	tableSegmentTime  = time.Hour
	// tableDirtyRatio is the part of a table's log that has to be new before it is compacted again. So a log is at most a quarter longer than its
	// rows, beside what is too young to be compacted.
	tableDirtyRatio = "0.2"
)

// need is what a topic is needed for.
type need struct {
	name       string
	table      bool
	own        bool // a group table
	loop       bool
	internal   bool          // written and read by processors of the topology, with no retention of its own
	named      bool          // of those: it bears the topology's name or is packed, so it is nobody else's
	ours       bool          // created where it is missing
	shared     bool          // with others, so that it is not internal
	retention  time.Duration // 0: by the policy
	partitions int32         // 0: by the policy, or as those beside it
	settings   map[string]string
	keeps      bool     // it is no table, and is not compacted all the same
	maxBytes   int      // of a record; 0: by the policy
	readers    []string // such as: processor "p" reads it as its input
}

// configs are the settings that the topic is created with.
func (n need) configs(p Policy, replication int) map[string]*string {
	c := map[string]string{}
	keep := n.keep(p)
	switch {
	case n.table:
		c["cleanup.policy"] = "compact"
		c["delete.retention.ms"] = strconv.FormatInt(p.DeleteRetention.Milliseconds(), 10)
		c["min.compaction.lag.ms"] = strconv.FormatInt(CompactionLag.Milliseconds(), 10)
		c["min.cleanable.dirty.ratio"] = tableDirtyRatio
		c["segment.bytes"] = strconv.Itoa(tableSegmentBytes)
		c["segment.ms"] = strconv.FormatInt(tableSegmentTime.Milliseconds(), 10)
		if n.retention > 0 {
			c["cleanup.policy"] = "compact,delete"
			c["retention.ms"] = strconv.FormatInt(n.retention.Milliseconds(), 10)
		}
	default:
		c["cleanup.policy"] = "delete"
		c["retention.ms"] = strconv.FormatInt(keep, 10)
		if n.internal || n.loop {
			c["retention.bytes"] = "-1"
			// No segment.ms: records have the times of events, and of old events each would begin a segment.
			c["segment.bytes"] = strconv.Itoa(InternalSegmentBytes)
		}
	}
	if replication >= 3 {
		// Acknowledged by all in-sync replicas means little where one may be all.
		c["min.insync.replicas"] = "2"
	}
	if most := cmp.Or(n.maxBytes, p.MaxRecordBytes); most > DefaultMaxRecordBytes {
		c["max.message.bytes"] = strconv.Itoa(most + batchOverhead)
	}
	maps.Copy(c, n.settings)
	pointers := map[string]*string{}
	for key, value := range c {
		pointers[key] = new(value)
	}
	return pointers
}

// planned are the settings that the topic is to be created with, as a topic that exists has them.
func (n need) planned(p Policy) map[string]string {
	have := map[string]string{"cleanup.policy": "delete", "retention.ms": "604800000", "retention.bytes": "-1"} // Kafka's own
	for key, value := range n.configs(p, 1) {
		have[key] = *value
	}
	return have
}

// keep is the retention in milliseconds that a stream is created with, -1 for ever. Kafka takes the age of a record from its
// timestamp, which is the event's: of what is on its way between processors it would delete the work that waits, once the
// event is old. So internal streams keep everything, until it is purged behind their readers.
func (n need) keep(p Policy) int64 {
	retention := n.retention
	if retention == 0 {
		retention = p.StreamRetention
		if n.loop || n.internal {
			retention = -1
		}
	}
	if retention < 0 {
		return -1
	}
	return retention.Milliseconds()
}

// check compares the settings of a topic that exists with what it is needed for.
func (n need) check(have map[string]string, p Policy) error {
	switch {
	case n.table:
		return n.checkTable(have)
	case n.loop, n.internal:
		return n.checkInternal(have, p)
	case n.keeps && strings.Contains(have["cleanup.policy"], "compact"):
		return fmt.Errorf("topic %q is for dead letters, which needs cleanup.policy %q, and has %q", n.name, "delete", have["cleanup.policy"])
	}
	return nil // other people's streams are theirs
}

// checkTable wants the last record of every key to be kept, unless it is declared that rows may go with age.
func (n need) checkTable(have map[string]string) error {
	policy := have["cleanup.policy"]
	policies := strings.Split(policy, ",")
	forever := have["retention.ms"] == "-1" && unlimited(have["retention.bytes"])
	compacts, deletes := slices.Contains(policies, "compact"), slices.Contains(policies, "delete")
	switch {
	case compacts && (!deletes || n.retention != 0 || forever):
		return nil
	case compacts:
		return fmt.Errorf("topic %q is a table, which needs cleanup.policy %q, and has %q: rows that are not written for %s ms are deleted; "+
			"if that is meant to be, declare the table with topology.Retention", n.name, "compact", policy, have["retention.ms"])
	case forever && !n.own:
		return nil // whoever owns it keeps everything
	}
	return fmt.Errorf("topic %q is a table, which needs cleanup.policy %q, and has %q", n.name, "compact", policy)
}

// unlimited reports whether a retention.bytes is none; brokers that do not tell have none.
func unlimited(bytes string) bool { return bytes == "" || bytes == "-1" }

// checkInternal wants messages on their way to be kept. A stream that may be somebody else's, by its name, is theirs.
func (n need) checkInternal(have map[string]string, p Policy) error {
	what := "a loop"
	if !n.loop {
		what = "internal to the topology"
	}
	if !n.loop && !n.named {
		return nil
	}
	policy := have["cleanup.policy"]
	if strings.Contains(policy, "compact") {
		return fmt.Errorf("topic %q is %s, which needs cleanup.policy %q, and has %q", n.name, what, "delete", policy)
	}
	// A retention that is set but shorter than that of any stream is an oversight: messages on their way would be deleted.
	ms, err := strconv.ParseInt(have["retention.ms"], 10, 64)
	if want := p.StreamRetention; err == nil && ms >= 0 && want > 0 && ms < want.Milliseconds() {
		return fmt.Errorf("topic %q is %s, which needs a retention.ms of at least %d or -1, and has %d", n.name, what, want.Milliseconds(), ms)
	}
	return nil
}

// checkPartitions compares a declared number of partitions with that of a topic that exists.
func (n need) checkPartitions(have int32) error {
	if n.partitions == 0 || n.partitions == have {
		return nil
	}
	return fmt.Errorf("topic %q is declared with %d partitions and has %d", n.name, n.partitions, have)
}

// absent is the error of a topic that is missing and not ours to create.
func (n need) absent() error {
	return fmt.Errorf("topic %q: %w: %s, and no processor of the topology writes it; "+
		"create it, or declare it with topology.CreateMissing", n.name, ErrNoTopic, strings.Join(n.readers, " and "))
}

// ErrNoTopic says that a topic does not exist.
var ErrNoTopic = errors.New("no such topic")
