package engine

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// finer is into how many each partition is divided where a handler could see a difference: so that keys of different partitions
// are seldom in one by chance.
const finer = 16

// strict has a handler fail that reads or writes a row of another partition. Elsewhere what is read there is not found.
func strict(p *processor, input kernel.Topic, handle kernel.Handler) kernel.Handler {
	return func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		return handle(ctx, &strictTask{Task: t, p: p, key: m.Key, partition: finerOf(p, input, m.Key)}, m)
	}
}

func finerOf(p *processor, t kernel.Topic, key []byte) int32 {
	return partitionOf(t.HashPart, key, finer*p.partitions)
}

// strictTask is a task, for one message.
type strictTask struct {
	kernel.Task
	p         *processor
	key       []byte
	partition int32
}

// PartitionOf implements [kernel.Task].
func (t *strictTask) PartitionOf(out *kernel.Output, key []byte) (int32, error) {
	_, err := t.Task.PartitionOf(out, key)
	return finerOf(t.p, out.Topic, key), err
}

// Own implements [kernel.Task].
func (t *strictTask) Own() kernel.Rows { return strictRows{t.Task.Own(), t} }

// Join implements [kernel.Task].
func (t *strictTask) Join(i int) kernel.Reader { return strictJoin{t.Task.Join(i), t, t.p.k.Joins[i]} }

func (t *strictTask) check(table *kernel.Table, key []byte) error {
	if at := finerOf(t.p, table.Topic, key); at != t.partition {
		return fmt.Errorf("key %s of table %q is of another partition: of %d it is in %d, the record %s in %d",
			kernel.Quote(key), table.Topic.Name, finer*t.p.partitions, at, kernel.Quote(t.key), t.partition)
	}
	return nil
}

type strictRows struct {
	kernel.Rows
	t *strictTask
}

// Get implements [kernel.Reader].
func (r strictRows) Get(key []byte) (any, bool, error) {
	if err := r.t.check(r.t.p.k.Own, key); err != nil {
		return nil, false, err
	}
	return r.Rows.Get(key)
}

// Set implements [kernel.Rows].
func (r strictRows) Set(key []byte, row any) error {
	if err := r.t.check(r.t.p.k.Own, key); err != nil {
		return err
	}
	return r.Rows.Set(key, row)
}

// Delete implements [kernel.Rows].
func (r strictRows) Delete(key []byte) error {
	if err := r.t.check(r.t.p.k.Own, key); err != nil {
		return err
	}
	return r.Rows.Delete(key)
}

type strictJoin struct {
	kernel.Reader
	t   *strictTask
	def *kernel.Table
}

// Get implements [kernel.Reader].
func (r strictJoin) Get(key []byte) (any, bool, error) {
	if err := r.t.check(r.def, key); err != nil {
		return nil, false, err
	}
	return r.Reader.Get(key)
}
