package topologytest

import (
	"fmt"
	"iter"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// task is one record being processed.
type task struct {
	member  *member
	message *kernel.Message
	part    int32 // the partition that the record would have among several
}

// partitions is how many partitions the driver pretends that there are, where a handler could see a difference.
const partitions = 16

// partitionOf returns the partition that a key would have among several.
func partitionOf(t kernel.Topic, key []byte) int32 {
	if t.HashPart != nil {
		key = t.HashPart(key)
	}
	return cluster.Partition(key, partitions)
}

func (t *task) Processor() *kernel.Processor { return t.member.p }
func (t *task) Partition() int32             { return t.message.Partition }
func (t *task) Own() kernel.Rows             { return ownRows{t} }
func (t *task) Store(int) kernel.Rows        { return unsupported{} }
func (t *task) Timers(int) kernel.Schedule   { return unsupportedTimers{} }
func (t *task) StreamTime() time.Time        { return t.message.Timestamp }
func (t *task) Join(i int) kernel.Reader     { return joinRows{t, t.member.joins[i]} }
func (t *task) Lookup(i int) kernel.Reader   { return t.member.lookups[i] }

func (t *task) PartitionOf(out *kernel.Output, key []byte) (int32, error) {
	return partitionOf(out.Topic, key), nil
}

func (t *task) Emit(out *kernel.Output, key, value []byte, timestamp time.Time, headers []kernel.Header) error {
	t.member.sent = append(t.member.sent, sent{out, kernel.Message{Key: key, Value: value, Timestamp: timestamp.Truncate(time.Millisecond), Headers: headers}})
	return nil
}

// local refuses keys that several partitions would put elsewhere.
func (t *task) local(table *kernel.Table, key []byte) error {
	if part := partitionOf(table.Topic, key); part != t.part {
		return fmt.Errorf("key %q of table %q is of another partition: of %d it is in %d, the record %q in %d",
			key, table.Topic.Name, partitions, part, t.message.Key, t.part)
	}
	return nil
}

// ownRows is the own table, for one record.
type ownRows struct{ *task }

func (ownRows) Range(from, to []byte) iter.Seq2[kernel.Row, error] {
	return unsupported{}.Range(from, to)
}

func (r ownRows) Get(key []byte) (any, bool, error) {
	own := r.member.own
	if err := r.local(own.table, key); err != nil {
		return nil, false, err
	}
	return own.get(key)
}

func (r ownRows) Set(key []byte, row any) error {
	own := r.member.own
	if err := r.local(own.table, key); err != nil {
		return err
	}
	own.put(key, &write{row: row})
	return nil
}

func (r ownRows) Delete(key []byte) error {
	own := r.member.own
	if err := r.local(own.table, key); err != nil {
		return err
	}
	own.put(key, &write{deleted: true})
	return nil
}

// joinRows is a joined table, for one record.
type joinRows struct {
	*task
	replica *replica
}

func (r joinRows) Get(key []byte) (any, bool, error) {
	if err := r.local(r.replica.table, key); err != nil {
		return nil, false, err
	}
	return r.replica.Get(key)
}

func (ownRows) GetMany(keys [][]byte) ([]kernel.Found, error) { return unsupported{}.GetMany(keys) }

func (joinRows) GetMany(keys [][]byte) ([]kernel.Found, error) { return unsupported{}.GetMany(keys) }

func (r *replica) GetMany(keys [][]byte) ([]kernel.Found, error) { return unsupported{}.GetMany(keys) }
