package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/source"
)

// ErrOffsetLost says that the log does not have the offset of an input that comes next.
var ErrOffsetLost = errors.New("the offset that comes next is not in the log")

// logs are the logs of an assignment's inputs, as they are when it begins.
type logs struct {
	ids          map[string]fence.TopicID
	starts, ends map[string][]int64
	since        map[string][]int64 // of inputs that begin at a time
	known        map[string]bool    // of some partition the group has committed an offset
}

// readLogs asks for what is needed to know where inputs begin.
func (a *assignment) readLogs(ctx context.Context, found map[kernel.TopicPartition]cluster.CommittedOffset) (l logs, err error) {
	client := a.p.e.opts.Cluster
	topics := make([]string, len(a.p.inputs))
	for i, d := range a.p.inputs {
		topics[i] = d.topic
	}
	if l.ids, err = client.TopicIDs(ctx, topics...); err != nil {
		return l, err
	}
	if l.starts, err = client.Starts(ctx, topics...); err != nil {
		return l, err
	}
	if l.ends, err = client.Ends(ctx, topics...); err != nil {
		return l, err
	}
	return l, a.readStarts(ctx, found, &l)
}

// readStarts asks where inputs begin that do so at a time, or behind what is there, if any partition does begin. A partition of which nothing
// is committed is new, if anything is committed of the others: of those it is known which were read.
func (a *assignment) readStarts(ctx context.Context, found map[kernel.TopicPartition]cluster.CommittedOffset, l *logs) error {
	begins := map[string]bool{}
	for tp, at := range found {
		begins[tp.Topic] = begins[tp.Topic] || at.Next < 0
	}
	asks := false
	l.since, l.known = map[string][]int64{}, map[string]bool{}
	for _, d := range a.p.inputs {
		switch {
		case !begins[d.topic]:
		case !d.start.Since.IsZero():
			since, err := a.p.e.opts.Cluster.After(ctx, d.start.Since, d.topic)
			if err != nil {
				return err
			}
			l.since[d.topic] = since[d.topic]
			asks = true
		case d.start.Newest:
			asks = true
		}
	}
	if !asks {
		return nil
	}
	committed, err := a.p.e.opts.Cluster.Committed(ctx, a.session.Member.Group)
	for topic := range committed {
		l.known[topic] = true
	}
	return err
}

// place sets where an input begins: behind what is committed, or where its declaration says.
func (a *assignment) place(in *input, at cluster.CommittedOffset, l logs) error {
	topic, partition := in.tp.Topic, in.tp.Partition
	if int(partition) >= min(len(l.starts[topic]), len(l.ends[topic])) {
		return fmt.Errorf("%w: it has %d partitions", cluster.ErrTopicChanged, len(l.ends[topic]))
	}
	start, end := l.starts[topic][partition], l.ends[topic][partition]
	before, now := in.seen.Mark.Input, l.ids[topic]
	in.start = at.Next
	switch {
	case at.Next < 0:
		in.start = in.def.first(start, end, l.since[topic], partition, l.known[topic])
		return nil
	case before != fence.TopicID{} && now != fence.TopicID{} && before != now:
		return a.lostOffset(in, start, end, fmt.Sprintf("%d is committed of the topic with id %s, which was deleted and made anew with id %s", at.Next, before, now))
	case at.Next < start || at.Next > end:
		return a.lostOffset(in, start, end, fmt.Sprintf("%d is committed, the log has %d to %d", at.Next, start, end))
	}
	return nil
}

// first is where an input begins of which nothing is committed: what was sent before its group existed is not lost unless that is said. A
// partition that is new to a topic that was read before has nothing that was passed over by the declaration.
func (d *inputDef) first(start, end int64, since []int64, partition int32, known bool) int64 {
	switch {
	case known:
		return start
	case d.start.Newest:
		return end
	case int(partition) < len(since):
		return max(start, min(end, since[partition]))
	}
	return start
}

// lostOffsetHelp is what can be done about a lost offset.
const lostOffsetHelp = "declare the input with topology.OnLostOffset, or move the offset (eddy reset --lost)"

// lostOffset goes on from a lost offset as the input's declaration says.
func (a *assignment) lostOffset(in *input, start, end int64, what string) error {
	switch in.def.lost {
	case kernel.LostOldest:
		in.start = start
	case kernel.LostNewest:
		in.start = end
	default:
		return fmt.Errorf("%w: %s; %s", ErrOffsetLost, what, lostOffsetHelp)
	}
	a.p.log.Warn("records were lost before they were read", "topic", in.tp.Topic, "partition", in.tp.Partition, "why", what, "goes on at", in.start)
	in.seen = fence.Seen{} // what was seen of the writers was of another log, or of a part of it that is gone
	return nil
}

// inputFailed ends an input that cannot be read any more.
func (t *task) inputFailed(in *input, err error) {
	if source.Lost(err) {
		t.unreadable(in, err)
		return
	}
	t.stop(&ProcessError{Processor: t.p.k.Name, Topic: in.tp.Topic, Partition: in.tp.Partition, Offset: -1, Err: err})
}

// comesNext is the offset behind the last record that was processed.
func (t *task) comesNext(in *input) int64 {
	next := max(in.start, in.committed.Load())
	for i, other := range t.inputs {
		if other == in {
			next = max(next, t.cur.next[i])
		}
	}
	return next
}

// unreadable ends an input whose next offset the log turned out not to have. Where something is declared for that the member begins anew,
// and finds the offset lost, and so it does where only records were lost that it had fetched and not processed; otherwise the processor
// stops, and no other.
func (t *task) unreadable(in *input, err error) {
	t.halted = true
	if in.def.lost != kernel.LostFails || source.LostBehind(err, t.comesNext(in)) {
		t.a.leave(fmt.Errorf("topic %q, partition %d: %w: %w", in.tp.Topic, in.tp.Partition, ErrOffsetLost, err))
		return
	}
	what := fmt.Sprintf("%d comes next", t.comesNext(in))
	ctx, cancel := context.WithTimeout(t.a.writing, askWithin)
	defer cancel()
	client := t.p.e.opts.Cluster
	starts, startErr := client.Starts(ctx, in.tp.Topic)
	ends, endErr := client.Ends(ctx, in.tp.Topic)
	if p := int(in.tp.Partition); startErr == nil && endErr == nil && p < min(len(starts[in.tp.Topic]), len(ends[in.tp.Topic])) {
		what += fmt.Sprintf(", the log has %d to %d", starts[in.tp.Topic][p], ends[in.tp.Topic][p])
	}
	t.p.halt(&ProcessError{Processor: t.p.k.Name, Topic: in.tp.Topic, Partition: in.tp.Partition, Offset: -1, Err: fmt.Errorf("%w: %s: %w; %s", ErrOffsetLost, what, err, lostOffsetHelp)})
}

// askWithin bounds a question that an error message asks.
const askWithin = 5 * time.Second
