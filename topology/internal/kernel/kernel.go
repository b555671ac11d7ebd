// Package kernel is the seam between the typed API of package topology and what runs it: the same
// topology in bytes. The API compiles handles and handlers down to these types, which
// package engine executes: over a cluster, or over logs in memory for tests.
package kernel

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// A Topology is a validated set of processors.
type Topology struct {
	Name       string
	Processors []*Processor
	// DeadLetters is where records go that are given up; nil: nowhere.
	DeadLetters *Topic
}

// A Processor is one consumer group.
type Processor struct {
	Name    string // unique in its topology
	Group   string // consumer group
	Inputs  []*Input
	Loop    *Loop    // nil: none
	Own     *Table   // the group table; nil: none
	Stores  []*Table // further own tables
	Timers  []*Timers
	Every   []*Punctuation
	Joins   []*Table  // co-partitioned tables
	Lookups []*Table  // tables of any partitioning
	Outputs []*Output // without the loop's
	OnError Policies  // what the processor itself says of records that fail
}

// OwnTables are the tables that the processor alone writes: the group table, if there is one, the further stores, and the timers.
func (p *Processor) OwnTables() []*Table {
	var own []*Table
	if p.Own != nil {
		own = append(own, p.Own)
	}
	own = append(own, p.Stores...)
	for _, t := range p.Timers {
		own = append(own, t.Table)
	}
	return own
}

// TopicPartition is a partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String is "topic[partition]".
func (tp TopicPartition) String() string { return fmt.Sprintf("%s[%d]", tp.Topic, tp.Partition) }

// Topic is what a topic has to be like.
type Topic struct {
	Name string
	// Packed says that the messages of a batch to one partition are sent as packs, see package pack. How a record is read does not
	// depend on it: a record says itself whether it is a pack. Never of tables.
	Packed bool
	// HashPart returns the part of an encoded key that decides its partition; nil: the whole key.
	HashPart func(key []byte) []byte
	// Retention of a stream; 0 is not said, negative is for ever. A table with one may lose rows by age: compact,delete.
	Retention time.Duration
	// Table says that the topic is a changelog: compacted, a nil value deletes.
	Table bool
	// MaxBytes is how large its records may be; 0: as those of other topics.
	MaxBytes int
	// Partitions is how many it has; 0: the default of the configuration, or those of the topics beside it.
	Partitions int32
	// Configs are settings of the topic that is created beside those that follow from the rest.
	Configs map[string]string
	// Create says that the topology creates the topic also if it only reads it.
	Create bool
	// Foreign says that keys are not placed by the hash of the key: somebody else's partitioner writes it.
	Foreign bool
	// Shared says that the topic is not internal to the topology, whichever processors write and read it.
	Shared bool
}

// Input is a stream that is consumed.
type Input struct {
	Topic  Topic
	Handle Handler
	Start  Start      // where it begins when its group has committed nothing
	Lost   LostOffset // what is done where the log does not have the committed offset
}

// Start is a place in a log. The zero value is the oldest record.
type Start struct {
	Newest bool
	Since  time.Time // not zero: the first record of this time or a later one
}

// LostOffset is what is done where the log does not have the offset that comes next.
type LostOffset int

// The ways to go on from a lost offset.
const (
	LostFails  LostOffset = iota // the processor stops
	LostOldest                   // with the oldest record that there is
	LostNewest                   // with what comes from now on
)

// Loop is the stream from a processor back to itself.
type Loop struct {
	Topic  Topic
	Handle Handler
	Out    *Output
}

// Table is a changelog and the codec of its rows.
type Table struct {
	Topic Topic
	// Index is the table's place in its processor's Stores, Joins or Lookups.
	Index int
	// Encode and Decode convert a row; Decode may keep data, which is never changed afterwards.
	Encode func(row any) ([]byte, error)
	Decode func(data []byte) (any, error)
	// CheckKey says whether the table can have a row at a key; nil: at any.
	CheckKey func(key []byte) error
}

// Output is a stream that a processor writes.
type Output struct {
	Topic Topic
	// Last holds a batch's records of this output back until all other outputs of the batch are acknowledged.
	// So whoever reads one of them knows that everything emitted beside it is in the log.
	Last bool
}

// Header is one record header. Order and repeats are kept.
type Header struct {
	Key   string
	Value []byte
}

// Message is one consumed record.
type Message struct {
	Topic     string
	Partition int32
	Packed    bool // the record is a pack
	Offset    int64
	Index     int    // in its pack; 0 where the record is no pack
	Key       []byte // nil: none
	RowKey    []byte // the key of its rows, where a table spells it otherwise; nil: Key
	Value     []byte // nil is a tombstone
	Timestamp time.Time
	Headers   []Header
}

// A Handler processes one record. It runs alone for its processor and partition; what it does through
// the task takes effect with the batch it belongs to, or not at all. What becomes of a message after an error is the processor's policy.
type Handler func(ctx context.Context, t Task, m *Message) error

// Task is what a handler may do. It is valid until the handler returns.
type Task interface { //nolint:interfacebloat // all that a handler can do
	// Processor is the identity that handles compare with their own.
	Processor() *Processor
	Partition() int32
	// Own, Store, Timers, Join and Lookup return what the processor has; the indexes are those of the Processor's slices.
	Own() Rows
	Store(index int) Rows
	Timers(index int) Schedule
	Join(index int) Reader
	Lookup(index int) Reader
	// PartitionOf returns the partition of an output that a key is hashed to.
	PartitionOf(out *Output, key []byte) (int32, error)
	// Emit sends a record with the batch. key and value must not be changed afterwards; a nil value is a tombstone.
	Emit(out *Output, key, value []byte, timestamp time.Time, headers []Header) error
	// Skipped says that the message was passed over by what it is not fit for, and why.
	Skipped(reason string)
	// StreamTime is the greatest timestamp of the records that the task has processed, of the present one too; zero if there was none.
	StreamTime() time.Time
}

// Reader reads a table.
type Reader interface {
	// Get returns the decoded row. Rows are shared with the cache of the partition, not copied.
	Get(key []byte) (row any, ok bool, err error)
	// GetMany is Get of many keys at once: those that are not in the cache are read in the order of keys. What is found is in the order
	// in which the keys were given.
	GetMany(keys [][]byte) ([]Found, error)
}

// Found is a row that was looked for.
type Found struct {
	Value any
	OK    bool // there is one
}

// Rows is the partition of an own table that a handler works on.
type Rows interface {
	Reader
	// Set writes a row; it is encoded when the batch is committed, once per key and batch.
	// A key that is hashed to another partition is an error.
	Set(key []byte, row any) error
	Delete(key []byte) error
	// Range iterates over the rows with from <= key < to in the order of keys; a nil bound is open. The rows are those that there were when
	// the iteration began, with all that the batch had written by then. An error with a key is of that row alone, and the iteration goes
	// on behind it; one without a key is the last that is yielded.
	Range(from, to []byte) iter.Seq2[Row, error]
}

// Row is a decoded row and its key.
type Row struct {
	Key   []byte
	Value any
}
