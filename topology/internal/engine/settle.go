package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ErrNotRunning is returned by Settle of an engine that has ended, or ends meanwhile.
var ErrNotRunning = errors.New("not running")

// ends is what the brokers said about the ends of logs.
type ends struct {
	mu sync.Mutex
	// base has the ends of all topics that are read here, as of the assignments of that version. Of topics that only this process
	// writes, what came later is known from the sender.
	base    map[string][]int64
	version int64
}

// Settle returns when the processors are at rest: everything sent by this process is acknowledged, every input and loop partition
// assigned to it is processed and marked to its end, every join and lookup has applied its table's end, and what is due, by the stream time
// that the records have led to and by the wall clock as of the call, has fired and is committed.
//
// Topics that nothing but this process writes are followed to whatever end they get; of the others the end as it is at the call counts.
// Settle returns an error when ctx is done or the engine stops.
//
// Why the answer is right: positions and ends only grow, and no position passes its end. So if every position read first equals the end
// read after it, then all of them were equal at once, between the last reading of a position and the first of an end. A record that is
// being processed then has a position below its end, and what it sends is pending, or acknowledged and in an end. A task owes from before the
// record is committed that its stream time comes from, so one that was at its end and did not owe does not owe before it gets another record.
func (e *Engine) Settle(ctx context.Context) error {
	e.changed.join()
	defer e.changed.leave()
	select {
	case <-e.ready:
	case <-e.ctx.Done():
		return e.ended()
	case <-e.halts.some():
		return e.Halted()
	case <-ctx.Done():
		return ctx.Err()
	}
	var (
		fixed   map[string][]int64
		version int64 = -1
		since         = floorMillis(e.now())
	)
	e.Wake()
	for {
		next := e.changed.next()
		if e.ctx.Err() != nil {
			return e.ended()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := e.Halted(); err != nil {
			return err
		}
		if e.opts.Sender.Pending() > 0 {
			if err := e.opts.Sender.Flush(ctx); err != nil {
				return err
			}
		}
		s, ok := e.snapshot()
		if ok && s.version != version {
			// A partition that is new has to be heard of before its end is missed.
			if err := e.opts.Client.Refresh(ctx, topics(*e.processors.Load())...); err != nil {
				return err
			}
			if e.ctx.Err() != nil {
				return e.ended()
			}
			var err error
			if fixed, err = e.readEnds(ctx, s); err != nil {
				return err
			}
			if err = e.sameCounts(fixed); err != nil {
				return err
			}
			if err = e.skipMarkers(ctx, s, fixed); err != nil {
				return err
			}
			version = s.version
			continue
		}
		if ok {
			v, err := e.atRest(ctx, s, fixed, since)
			if err != nil {
				return err
			}
			switch v {
			case atRest:
				return nil
			case lookAgain:
				continue
			}
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.ctx.Done():
		}
	}
}

// ended is the error of a Settle that the end of the run has overtaken.
func (e *Engine) ended() error {
	if err := e.failure(); err != nil {
		return err
	}
	return ErrNotRunning
}

// snapshot is the assignments at a time.
type snapshot struct {
	version     int64
	assignments []*assignment
	closed      bool // every processor owns all of its partitions: no other process writes what processors write
}

// Whole reports whether every partition of the processors is assigned to this engine, so that no other process does any of
// their work, and a number that changes with the assignments.
func (e *Engine) Whole() (version int64, whole bool) {
	s, ok := e.snapshot()
	return s.version, ok && s.closed
}

// snapshot reports false while a processor is between two assignments.
func (e *Engine) snapshot() (s snapshot, ok bool) {
	processors := e.processors.Load()
	if processors == nil { // the lookups have not recovered
		return s, false
	}
	s.closed = true
	for _, p := range *processors {
		s.version += p.version.Load()
		a := p.running.Load()
		if a == nil {
			return s, false
		}
		s.closed = s.closed && len(a.tasks) == int(p.partitions)
		s.assignments = append(s.assignments, a)
	}
	return s, true
}

// verdict is what a comparison of positions and ends says.
type verdict int

const (
	atRest    verdict = iota
	busy              // until the engine signals a change
	lookAgain         // something moved that the engine does not signal, but that can be waited for
)

// reading is a position.
type reading struct {
	kernel.TopicPartition
	at int64
}

// atRest compares the positions with the ends.
func (e *Engine) atRest(ctx context.Context, s snapshot, fixed map[string][]int64, since int64) (verdict, error) {
	read := positions(s)
	for _, a := range s.assignments {
		for _, t := range a.tasks {
			if t.owes(since) {
				return busy, nil
			}
		}
	}
	known := len(read)
	wait := func(r *changelog.Replica, tp kernel.TopicPartition) error {
		at := e.end(tp, fixed)
		read = append(read, reading{tp, at})
		return r.Applied(ctx, tp.Partition, at)
	}
	for topic, r := range e.lookups {
		for partition := range r.Partitions() {
			if err := wait(r, kernel.TopicPartition{Topic: topic, Partition: partition}); err != nil {
				return busy, err
			}
		}
	}
	for _, a := range s.assignments {
		for _, j := range a.joins {
			if err := wait(j.replica, j.tp); errors.Is(err, changelog.ErrStopped) {
				return lookAgain, nil // its assignment is over
			} else if err != nil {
				return busy, err
			}
		}
	}
	if e.opts.Sender.Pending() > 0 {
		return lookAgain, nil
	}
	for i, r := range read {
		if r.at < e.end(r.TopicPartition, fixed) {
			if i >= known {
				return lookAgain, nil
			}
			return busy, nil
		}
	}
	if now, ok := e.snapshot(); !ok || now.version != s.version {
		return lookAgain, nil
	}
	return atRest, nil
}

// positions reads how far inputs are committed.
func positions(s snapshot) []reading {
	var read []reading
	for _, a := range s.assignments {
		for _, t := range a.tasks {
			for _, in := range t.inputs {
				read = append(read, reading{in.tp, in.committed.Load()})
			}
		}
	}
	return read
}

// skipMarkers lowers ends that no reader can reach: what others wrote in a transaction ends with a marker, which is not a record.
// It asks only about partitions that are behind for what others wrote.
func (e *Engine) skipMarkers(ctx context.Context, s snapshot, fixed map[string][]int64) error {
	for _, r := range positions(s) {
		list := fixed[r.Topic]
		if int(r.Partition) >= len(list) || r.at >= list[r.Partition] {
			continue
		}
		if sent, _ := e.opts.Ends.Of(r.TopicPartition); sent >= list[r.Partition] {
			continue
		}
		end, err := e.opts.Reader.End(ctx, r.Topic, r.Partition)
		if err != nil {
			return fmt.Errorf("last record of topic %q partition %d: %w", r.Topic, r.Partition, err)
		}
		list[r.Partition] = min(list[r.Partition], end)
	}
	return nil
}

// end is the known end of a partition.
func (e *Engine) end(tp kernel.TopicPartition, fixed map[string][]int64) int64 {
	var at int64
	if list := fixed[tp.Topic]; int(tp.Partition) < len(list) {
		at = list[tp.Partition]
	}
	if sent, ok := e.opts.Ends.Of(tp); ok {
		at = max(at, sent)
	}
	return at
}

// readEnds asks the brokers for the ends of the topics that others may write, and of all after the assignments have changed.
func (e *Engine) readEnds(ctx context.Context, s snapshot) (map[string][]int64, error) {
	read, written := map[string]bool{}, map[string]bool{}
	for _, p := range *e.processors.Load() {
		for _, d := range p.inputs {
			read[d.topic] = true
		}
		for _, t := range p.k.Joins {
			read[t.Topic.Name] = true
		}
		for _, t := range p.k.Lookups {
			read[t.Topic.Name] = true
		}
		for _, own := range p.k.OwnTables() {
			written[own.Topic.Name] = true
		}
		for out := range p.outputs {
			written[out.Topic.Name] = true
		}
	}
	e.ends.mu.Lock()
	base, fresh := e.ends.base, s.closed && e.ends.base != nil && e.ends.version == s.version
	e.ends.mu.Unlock()

	var topics []string
	for topic := range read {
		if !fresh || !written[topic] {
			topics = append(topics, topic)
		}
	}
	fixed := map[string][]int64{}
	if len(topics) > 0 {
		var err error
		if fixed, err = e.opts.Reader.Ends(ctx, topics...); err != nil {
			return nil, fmt.Errorf("last offsets: %w", err)
		}
	}
	if fresh {
		for topic := range read {
			if written[topic] {
				fixed[topic] = slices.Clone(base[topic])
			}
		}
		return fixed, nil
	}
	e.ends.mu.Lock()
	defer e.ends.mu.Unlock()
	e.ends.base, e.ends.version = map[string][]int64{}, s.version
	for topic, list := range fixed {
		e.ends.base[topic] = slices.Clone(list) // the caller may lower its own
	}
	return fixed, nil
}
