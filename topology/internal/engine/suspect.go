package engine

import (
	"errors"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// refused reports whether the brokers refused a record for what it is, so that sending it again would not help. Such an error is given
// to all records that were sent in one batch of the client.
func refused(err error) bool {
	for _, k := range []*kerr.Error{kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// suspect is a partition with a batch of which something was refused. The member leaves the generation, as after any write that
// failed, and the batch is begun anew: record by record, and what is to be sent one by one, so that it becomes known whose it is that
// is refused. If that happens, the message is given up when the partition is begun the next time.
type suspect struct {
	until   []int64 // by input: where the batch ended
	firings int     // that it had

	mu      sync.Mutex
	givenUp map[position]*failure
}

// suspects are those of a processor, by partition.
type suspects struct {
	mu  sync.Mutex
	all map[int32]*suspect
}

// add notes that something of a batch was refused. It reports whether the run goes on with that.
func (s *suspects) add(b *batch, e *ProcessError) bool {
	t := b.task
	policy := t.p.onError.Of(kernel.PhaseWrite)
	if policy.Stops() || policy.Then <= kernel.ActionStop {
		return false
	}
	if send, ok := errors.AsType[*SendError](e); ok && t.p.e.opts.Whole.DeadLetters != nil && send.Topic == t.p.e.opts.Whole.DeadLetters.Name {
		return false // a dead letter that is refused cannot become one
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[int32]*suspect{}
	}
	of := s.all[t.partition]
	if of == nil {
		of = &suspect{until: make([]int64, len(b.next)), givenUp: map[position]*failure{}}
		s.all[t.partition] = of
	}
	for i, n := range b.next {
		of.until[i] = max(of.until[i], n)
	}
	of.firings = max(of.firings, b.firings)
	if b.isolated && e.Partition == t.partition && t.p.callsFor(e) {
		of.mu.Lock()
		of.givenUp[positionIn(e)] = &failure{err: e, tries: 1, outcome: policy.Then}
		of.mu.Unlock()
		t.p.tell(e, policy.Then.String())
	}
	return true
}

// begin is called when a task begins, with its inputs' offsets.
func (s *suspects) begin(t *task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.trouble.suspect = s.all[t.partition]
	if t.cur = newBatch(t); !t.cur.isolated {
		delete(s.all, t.partition)
	}
}

// suspicious reports whether the task is at a record, or may be at a firing, of a batch of which something was refused.
func (t *trouble) suspicious(of *task) bool {
	s := t.suspect
	if s == nil {
		return false
	}
	for i, in := range of.inputs {
		if in.at < s.until[i] {
			return true
		}
	}
	return t.cuts < s.firings // what is due comes before records, one in a batch
}
