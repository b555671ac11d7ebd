// Package memlog is the logs of a cluster in memory, and the committed offsets of its groups, for the tasks of package engine: what they ask of
// brokers without brokers. Nothing in it runs by itself, and it is not safe for concurrent use.
package memlog

import (
	"context"
	"crypto/md5" //nolint:gosec // it has the length of an id
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Log is the logs of all topics. A record's offset is its place in its partition.
type Log struct {
	partitions int32
	topics     map[string]*Topic
	groups     map[string]*group
	written    uint64
}

// Topic is the log of a topic.
type Topic struct {
	kernel.Topic
	// Records are those of all partitions of a stream in the order in which they were written, and Order where that is among the records
	// of all streams.
	Records []*kgo.Record
	Order   []uint64
	// Rows are the last records of the keys of a table that are not deleted. Those before them are kept if it is Followed.
	Rows     map[string]*kgo.Record
	Followed bool

	partitions [][]*kgo.Record // nil: a record that is no longer kept
}

// group is what a consumer group has committed.
type group struct {
	generation int32
	offsets    map[kernel.TopicPartition]cluster.CommittedOffset
}

// New returns logs without topics. Those that are added have that many partitions.
func New(partitions int32) *Log {
	return &Log{partitions: partitions, topics: map[string]*Topic{}, groups: map[string]*group{}}
}

// Add adds a topic, unless it is there, and returns it.
func (l *Log) Add(t kernel.Topic) *Topic {
	topic := l.topics[t.Name]
	if topic == nil {
		topic = &Topic{Topic: t, partitions: make([][]*kgo.Record, l.partitions), Rows: map[string]*kgo.Record{}}
		l.topics[t.Name] = topic
	}
	return topic
}

// Topic returns a topic; nil if it was not added.
func (l *Log) Topic(name string) *Topic { return l.topics[name] }

// PartitionOf is the partition of a key.
func (t *Topic) PartitionOf(key []byte) int32 {
	if t.HashPart != nil {
		key = t.HashPart(key)
	}
	return cluster.Partition(key, int32(len(t.partitions)))
}

// End is the next offset of a partition.
func (t *Topic) End(partition int32) int64 { return int64(len(t.partitions[partition])) }

// Record is a record of a stream.
func (t *Topic) Record(partition int32, offset int64) *kgo.Record {
	return t.partitions[partition][offset]
}

// Append writes a record, whose topic and partition are set, to the end of its partition, and returns its offset.
func (l *Log) Append(r *kgo.Record) int64 {
	t := l.topics[r.Topic]
	if t == nil {
		panic(fmt.Sprintf("memlog: topic %q was not added", r.Topic))
	}
	r.Timestamp = r.Timestamp.Truncate(time.Millisecond)
	r.Offset = int64(len(t.partitions[r.Partition]))
	t.partitions[r.Partition] = append(t.partitions[r.Partition], r)
	if !t.Table {
		t.Records, t.Order = append(t.Records, r), append(t.Order, l.written)
		l.written++
		return r.Offset
	}
	if before := t.Rows[string(r.Key)]; before != nil && !t.Followed {
		t.partitions[r.Partition][before.Offset] = nil
	}
	if r.Value == nil {
		delete(t.Rows, string(r.Key))
	} else {
		t.Rows[string(r.Key)] = r
	}
	return r.Offset
}

// Fetch returns the records of a partition from an offset on that are kept.
func (l *Log) Fetch(tp kernel.TopicPartition, from int64) (records []*kgo.Record, next int64) {
	all := l.topics[tp.Topic].partitions[tp.Partition]
	for _, r := range all[from:] {
		if r != nil {
			records = append(records, r)
		}
	}
	return records, int64(len(all))
}

// Settings has a session that does not end.
func (l *Log) Settings() cluster.Settings {
	return cluster.Settings{SessionTimeout: math.MaxInt64 / 2}.WithDefaults()
}

// ClusterID is the same for all logs.
func (l *Log) ClusterID(context.Context) (string, error) { return "memlog", nil }

// TopicIDs are those of the topics, made from their names.
func (l *Log) TopicIDs(_ context.Context, topics ...string) (map[string]fence.TopicID, error) {
	ids := map[string]fence.TopicID{}
	for _, topic := range topics {
		ids[topic] = fence.TopicID(md5.Sum([]byte(topic))) //nolint:gosec // it has the length of an id
	}
	return ids, nil
}

// Partitions is how many partitions each topic has.
func (l *Log) Partitions(context.Context, string) (int32, error) { return l.partitions, nil }

// TableConfig is that of tables that keep deletes without end: nothing is compacted.
func (l *Log) TableConfig(context.Context, string) (cluster.TableConfig, error) {
	return cluster.TableConfig{DeleteRetention: math.MaxInt64}, nil
}

// Starts is the first offset of every partition: topic, then partition.
func (l *Log) Starts(_ context.Context, topics ...string) (map[string][]int64, error) {
	all := map[string][]int64{}
	for _, topic := range topics {
		all[topic] = make([]int64, l.partitions)
	}
	return all, nil
}

// Ends is the next offset of every partition: topic, then partition.
func (l *Log) Ends(_ context.Context, topics ...string) (map[string][]int64, error) {
	all := map[string][]int64{}
	for _, topic := range topics {
		all[topic] = make([]int64, l.partitions)
		for i, records := range l.topics[topic].partitions {
			all[topic][i] = int64(len(records))
		}
	}
	return all, nil
}

// StableEnds is Ends: what a transaction writes gets into the logs when it is committed.
func (l *Log) StableEnds(ctx context.Context, topics ...string) (map[string][]int64, error) {
	return l.Ends(ctx, topics...)
}

// Join begins another generation of a group, of one member.
func (l *Log) Join(name string) cluster.Member {
	g := l.groups[name]
	if g == nil {
		g = &group{offsets: map[kernel.TopicPartition]cluster.CommittedOffset{}}
		l.groups[name] = g
	}
	g.generation++
	return cluster.Member{Group: name, ID: "member", Generation: g.generation}
}

// Committed returns all that a group has committed: topic, then partition.
func (l *Log) Committed(_ context.Context, name string) (map[string]map[int32]int64, error) {
	all := map[string]map[int32]int64{}
	for tp, at := range l.groups[name].offsets {
		if all[tp.Topic] == nil {
			all[tp.Topic] = map[int32]int64{}
		}
		all[tp.Topic][tp.Partition] = at.Next
	}
	return all, nil
}

// After is the offset of the first record of every partition that is not before a time; the end where there is none.
func (l *Log) After(_ context.Context, since time.Time, topics ...string) (map[string][]int64, error) {
	all := map[string][]int64{}
	for _, topic := range topics {
		for _, records := range l.topics[topic].partitions {
			at := slices.IndexFunc(records, func(r *kgo.Record) bool { return r != nil && !r.Timestamp.Before(since) })
			if at < 0 {
				at = len(records)
			}
			all[topic] = append(all[topic], int64(at))
		}
	}
	return all, nil
}

// Heartbeat answers members of the present generation.
func (l *Log) Heartbeat(_ context.Context, m cluster.Member) (bool, error) {
	if l.groups[m.Group].generation != m.Generation {
		return false, cluster.ErrNotMember
	}
	return false, nil
}

// StableOffsets returns what a group has committed.
func (l *Log) StableOffsets(_ context.Context, name string, partitions []kernel.TopicPartition) (map[kernel.TopicPartition]cluster.CommittedOffset, error) {
	found := map[kernel.TopicPartition]cluster.CommittedOffset{}
	for _, tp := range partitions {
		at, ok := l.groups[name].offsets[tp]
		if !ok {
			at.Next = -1
		}
		found[tp] = at
	}
	return found, nil
}

// AwaitTransactions has nothing to wait for.
func (l *Log) AwaitTransactions(string, string) *cluster.TransactionWait { return nil }

// CommitOffsets commits offsets as a member of the present generation.
func (l *Log) CommitOffsets(ctx context.Context, m cluster.Member, offsets map[kernel.TopicPartition]cluster.CommittedOffset) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if _, err := l.Heartbeat(ctx, m); err != nil {
		return err
	}
	maps.Copy(l.groups[m.Group].offsets, offsets)
	return nil
}
