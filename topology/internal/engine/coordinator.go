package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

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

// sendOutputs sends a group of a batch's outputs: together, or one by one.
func (a *assignment) sendOutputs(ctx context.Context, s sender.Sender, d *delivery, b *batch, group int) error {
	if !b.isolated {
		d.outputs(ctx, s, b.outputs[group])
		return nil
	}
	for i := range b.outputs[group] {
		one := newDelivery(b.task)
		one.outputs(ctx, s, b.outputs[group][i:i+1])
		if err := one.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sendRows sends rows of a batch: together, or one by one.
func (a *assignment) sendRows(ctx context.Context, s sender.Sender, d *delivery, b *batch, c changes, to *int64) error {
	if b == nil || !b.isolated {
		d.rows(ctx, s, c, to)
		return nil
	}
	for i := range c.rows {
		one := newDelivery(b.task)
		one.rows(ctx, s, changes{of: c.of, rows: c.rows[i : i+1]}, to)
		if err := one.wait(ctx); err != nil {
			return err
		}
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
	return by.fails(t, &SendError{Topic: topic, Partition: partition, Err: err})
}

// rows sends changes of one table to its changelog. When all are acknowledged, to is one past the last of them.
func (d *delivery) rows(ctx context.Context, s sender.Sender, c changes, to *int64) {
	now := d.task.p.e.now()
	headers := []kernel.Header{{Key: fence.HeaderKey, Value: d.task.stamp}}
	for _, row := range c.rows {
		r := sender.Record{Topic: c.of.tp.Topic, Partition: c.of.tp.Partition, Key: row.key, Value: row.value, Timestamp: now, Headers: headers}
		d.pending.Add(1)
		err := s.Send(ctx, r, func(offset int64, err error) {
			if err != nil {
				d.fail(c.of.sendFailed(row, err))
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
			d.fail(c.of.sendFailed(row, err))
			return
		}
	}
}

// sendFailed is the error of a row that was not acknowledged: of what wrote it, where the brokers have something against the row.
func (r *rows) sendFailed(c change, err error) error {
	send := &SendError{Topic: r.tp.Topic, Partition: r.tp.Partition, Err: err}
	if refused(err) && c.by.known() {
		return c.by.fails(r.task, fmt.Errorf("row %s: %w", kernel.Quote(c.key), send))
	}
	return &ProcessError{Processor: r.task.p.k.Name, Phase: kernel.PhaseWrite, Topic: r.tp.Topic, Partition: r.tp.Partition, Offset: -1, Key: c.key, Err: send}
}

// committed tells the observer, and the task.
func (a *assignment) committed(b *batch, info kernel.CommittedInfo) {
	info.Processor, info.Partition = b.task.p.k.Name, b.task.partition
	info.Records, info.Firings, info.Outputs, info.Rows = b.records, b.firings, b.emitted, b.keys
	for _, c := range b.logged() {
		for _, r := range c.rows {
			info.RowBytes += int64(len(r.key) + len(r.value))
		}
	}
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
	case a.suspect(b, err) && a.p.delivery == ExactlyOnce:
		a.leave(err) // what is not committed is begun anew, and leaves no trace
	case a.suspect(b, err):
		a.p.log.Warn("joins again, to find out what was refused", "partition", b.task.partition, "error", kernel.Cut(err.Error(), saidBytes))
		a.session.Rejoin(err)
	default:
		a.p.e.fail(err)
	}
}

// suspect reports whether a batch failed because something of it was refused, and is to be begun anew to find out what.
func (a *assignment) suspect(b *batch, err error) bool {
	e, ok := asProcessError(err)
	return ok && refused(err) && a.p.suspects.add(b, e)
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
