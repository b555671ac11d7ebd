package engine

import (
	"log/slog"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/deadletter"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// passOver leaves a message out that was given up.
func (t *task) passOver(m *kernel.Message, f *failure) {
	if f.outcome == kernel.ActionDeadLetter {
		t.deadLetter(m, f.err)
	}
}

// deadLetter sends a message to the dead letters, with the open batch. The firing of a timer is a row of its table there; it cannot be sent again.
func (t *task) deadLetter(m *kernel.Message, e *ProcessError) {
	l := t.p.newLetter(m, e)
	l.Table = m.Offset < 0
	b, r := t.cur, t.p.letterRecord(l)
	b.emitted++
	b.changed = true
	b.bytes += len(r.Key) + len(r.Value) + recordOverhead
	b.outputs[first] = append(b.outputs[first], output{by: originOf(m), record: r})
}

// newLetter is a message as a dead letter.
func (p *processor) newLetter(m *kernel.Message, e *ProcessError) *deadletter.Letter {
	return deadletter.Of(m, e, p.k.Group, time.Now(), p.e.opts.Whole.DeadLetters.MaxBytes)
}

// letterRecord is a dead letter as it is sent: to the same place among the partitions as its record's, as far as there are as many.
func (p *processor) letterRecord(l *deadletter.Letter) sender.Record {
	r := l.Record()
	return sender.Record{
		Topic: p.e.opts.Whole.DeadLetters.Name, Partition: l.Partition % p.letters, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp, Headers: r.Headers,
	}
}

// saidEvery is how often failures of a processor are logged, saidBytes how much of each error.
const (
	saidEvery = 5 * time.Second
	saidBytes = 1 << 10
)

// failureLog says now and then that records fail.
type failureLog struct {
	mu   sync.Mutex
	last time.Time
	more int // since then
}

// tell tells the observer of a failure, and the log.
func (p *processor) tell(e *ProcessError, outcome string) {
	if f := p.e.opts.Observer.Failed; f != nil {
		f(kernel.FailedInfo{Err: e, Outcome: outcome})
	}
	if outcome == kernel.ActionStop.String() {
		return // the run ends with it
	}
	p.said.mu.Lock()
	defer p.said.mu.Unlock()
	now := time.Now()
	if now.Sub(p.said.last) < saidEvery {
		p.said.more++
		return
	}
	at := kernel.Message{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Packed: e.Packed, Index: e.Index}
	attrs := []any{
		slog.String("outcome", outcome), slog.String("phase", e.Phase.String()), slog.String("record", at.Position()),
		slog.String("key", kernel.Quote(e.Key)), slog.String("error", kernel.Cut(e.Err.Error(), saidBytes)),
	}
	if p.said.more > 0 {
		attrs = append(attrs, slog.Int("more", p.said.more))
	}
	p.log.Warn("a record cannot be processed", attrs...)
	p.said.last, p.said.more = now, 0
}
