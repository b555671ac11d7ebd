package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// A coordinator commits the batches of an assignment's tasks. It ends each batch by [task.batchCommitted] or [task.batchLost].
type coordinator interface {
	// commit takes a batch. It does not block.
	commit(b *batch)
	// rewrite writes rows of a task to their changelog once more, before the task has begun.
	rewrite(ctx context.Context, rows changes) error
	// close returns when no batch is being committed any more. The assignment's writing context is done, or all batches are.
	close()
}

// The steps of a commit, for those who want to end the process at one: each is reached when it was done. With at-least-once they come in
// this order: outputs, (last outputs,) changelog, (fired,) store, offsets. With exactly-once: begin, produced, offsets-added, end, store.
const (
	StepOutputs      = "outputs"
	StepLast         = "last"
	StepChangelog    = "changelog"
	StepFired        = "fired"
	StepStore        = "store"
	StepOffsets      = "offsets"
	StepBegin        = "begin"
	StepProduced     = "produced"
	StepOffsetsAdded = "offsets-added"
	StepEnd          = "end"
)

// errDelivery says that records were not acknowledged in time. Whether they got into the log is not known.
var errDelivery = errors.New("not acknowledged within two thirds of the session timeout")

// delivering bounds the sending of records and the wait for their acknowledgements.
func (a *assignment) delivering() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(a.writing, a.lease.length, errDelivery)
}

// delivery is the acknowledgements of records that are sent together.
type delivery struct {
	task    *task
	pending atomic.Int64
	err     atomic.Pointer[error] // the first
	done    chan struct{}
}

func newDelivery(t *task) *delivery {
	d := &delivery{task: t, done: make(chan struct{})}
	d.pending.Store(1)
	return d
}

func (d *delivery) fail(err error) { d.err.CompareAndSwap(nil, &err) }

func (d *delivery) landed() {
	if d.pending.Add(-1) == 0 {
		close(d.done)
	}
}

// send sends one record. It blocks while the sender has no room.
func (d *delivery) send(ctx context.Context, s sender.Sender, r *sender.Record, failed func(err error) error) bool {
	d.pending.Add(1)
	err := s.Send(ctx, *r, func(_ int64, err error) {
		if err != nil {
			d.fail(failed(err))
		}
		d.landed()
	})
	if err != nil {
		d.pending.Add(-1) // never the last: wait counts for one
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		d.fail(failed(err))
		return false
	}
	return true
}

// wait returns when all are acknowledged, with the first error, or when ctx is done, with its cause.
func (d *delivery) wait(ctx context.Context) error {
	d.landed()
	select {
	case <-d.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := d.err.Load(); err != nil {
		return *err
	}
	return nil
}

// outputs sends outputs of a batch.
func (d *delivery) outputs(ctx context.Context, s sender.Sender, list []output) {
	for i := range list {
		o := &list[i]
		by, topic, partition := o.by, o.record.Topic, o.record.Partition
		if !d.send(ctx, s, &o.record, func(err error) error { return d.task.sendFailed(topic, partition, by, err) }) {
			return
		}
	}
}

// sendFailed is the error of an output that was not acknowledged.
func (t *task) sendFailed(topic string, partition int32, by origin, err error) error {
	return &ProcessError{
		Processor: t.p.k.Name, Topic: by.topic, Partition: t.partition, Offset: by.offset, Packed: by.packed, Index: by.index, Key: by.key,
		Err: &SendError{Topic: topic, Partition: partition, Err: err},
	}
}

// rows sends changes of one table to its changelog. When all are acknowledged, to is one past the last of them.
func (d *delivery) rows(ctx context.Context, s sender.Sender, c changes, to *int64) {
	now := time.Now()
	headers := []kernel.Header{{Key: fence.HeaderKey, Value: d.task.stamp}}
	for _, row := range c.rows {
		r := sender.Record{Topic: c.of.tp.Topic, Partition: c.of.tp.Partition, Key: row.key, Value: row.value, Timestamp: now, Headers: headers}
		d.pending.Add(1)
		err := s.Send(ctx, r, func(offset int64, err error) {
			if err != nil {
				d.fail(c.of.sendFailed(row.key, err))
			} else {
				*to = offset + 1 // acknowledgements of a partition come in order, from one goroutine
			}
			d.landed()
		})
		if err != nil {
			d.pending.Add(-1)
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			d.fail(c.of.sendFailed(row.key, err))
			return
		}
	}
}

// sendFailed is the error of a row that was not acknowledged.
func (r *rows) sendFailed(key []byte, err error) error {
	return &ProcessError{
		Processor: r.task.p.k.Name, Topic: r.tp.Topic, Partition: r.tp.Partition, Offset: -1, Key: key,
		Err: &SendError{Topic: r.tp.Topic, Partition: r.tp.Partition, Err: err},
	}
}

// committed tells the observer, and the task.
func (a *assignment) committed(b *batch, info kernel.CommittedInfo) {
	info.Processor, info.Partition = b.task.p.k.Name, b.task.partition
	info.Records, info.Firings, info.Outputs, info.Rows = b.records, b.firings, b.emitted, b.keys
	b.task.batchCommitted(b)
	if f := a.p.e.opts.Observer.Committed; f != nil {
		f(info)
	}
	a.p.e.changed.raise()
}

// failed ends a batch that could not be committed. Where it is not known what became of it, or the group may have given the partition away,
// the member leaves the generation, and whoever is assigned the partition next begins at what is in the logs. Any other error ends the run.
func (a *assignment) failed(b *batch, err error) {
	b.forget()
	b.task.batchLost()
	switch {
	case a.writing.Err() != nil: // the assignment is over: nothing of it counts
	case uncertain(err):
		a.leave(fmt.Errorf("commit: %w", err))
	default:
		a.p.e.fail(err)
	}
}

// passing is err, unless it may pass: then the member leaves the generation, and begins anew.
func (a *assignment) passing(err error) error {
	if err == nil || !uncertain(err) {
		return err
	}
	a.leave(err)
	return nil
}

// uncertain reports whether an error, of a commit or of what goes before the first one, may pass if the partition is begun anew.
func uncertain(err error) bool {
	if errors.Is(err, cluster.ErrNotMember) || errors.Is(err, errLease) || errors.Is(err, errDelivery) ||
		errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	for _, k := range []*kerr.Error{
		kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.UnknownProducerID, kerr.InvalidProducerIDMapping, kerr.OutOfOrderSequenceNumber,
		kerr.TransactionAbortable, kerr.InvalidTxnState, kerr.ConcurrentTransactions, kerr.OperationNotAttempted,
	} {
		if errors.Is(err, k) {
			return true
		}
	}
	if kgo.IsRetryableBrokerErr(err) {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*kgo.ErrFirstReadEOF](err); ok {
		return true
	}
	k, ok := errors.AsType[*kerr.Error](err)
	return ok && k.Retriable && !errors.Is(err, kerr.UnknownTopicOrPartition) && !errors.Is(err, kerr.UnknownTopicID)
}
