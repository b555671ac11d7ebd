package engine

import (
	"context"
	"fmt"
	"math"
	"time"
)

// choice is something that may come next: one of these.
type choice struct {
	m       *member
	t       *task // processes records of its inputs,
	fires   *task // or calls a handler whose time has come
	commit  *commit
	replica replica
}

// Settle processes until all is at rest, and returns what a processor returned. After an error nothing runs any more.
func (l *Local) Settle() (err error) {
	returned := false
	defer func() {
		if !returned { // a handler ended this goroutine
			l.abandon()
		}
	}()
	err = l.settle()
	returned = true
	return err
}

func (l *Local) settle() error {
	l.fired = 0
	for n := 0; l.e.failure() == nil; {
		if err := l.startAll(); err != nil {
			l.e.fail(err)
			break
		}
		c, ok := l.choose()
		if !ok {
			return nil
		}
		if c.m != nil {
			if n++; n > l.o.Batches {
				l.e.fail(fmt.Errorf("not at rest after %d batches: processor %q goes on", l.o.Batches, c.m.p.k.Name))
				break
			}
		}
		if err := l.do(c); err != nil {
			l.e.fail(err)
		}
	}
	l.drain()
	return l.e.failure()
}

// startAll begins the assignments of processors that have none, and ends those that have crashed.
func (l *Local) startAll() error {
	for _, m := range l.members {
		if m.a != nil && m.a.writing.Err() == nil {
			continue
		}
		if m.a != nil { // it has crashed, and its disk with it or not
			m.end(errCrashed)
			m.empty = l.o.Rand != nil && l.o.Rand.IntN(2) == 0
		}
		if err := m.start(); err != nil {
			return err
		}
	}
	return nil
}

// choose says what comes next; false when all is at rest.
func (l *Local) choose() (choice, bool) {
	if l.o.Rand == nil {
		return l.oldest()
	}
	l.choices = l.choices[:0]
	for _, m := range l.members {
		for _, t := range m.tasks {
			if t.cur.records >= l.o.Batch {
				continue
			}
			if t.waiting() > 0 {
				l.choices = append(l.choices, choice{m: m, t: t})
			}
			if t.isDue() {
				l.choices = append(l.choices, choice{m: m, fires: t})
			}
		}
		for _, c := range m.commits {
			l.choices = append(l.choices, choice{commit: c})
		}
		l.lagging(m.joins)
	}
	l.lagging(l.lookups)
	if len(l.choices) == 0 {
		return choice{}, false
	}
	return l.choices[l.o.Rand.IntN(len(l.choices))], true
}

func (l *Local) lagging(list []replica) {
	for _, r := range list {
		if r.lag() > 0 {
			l.choices = append(l.choices, choice{replica: r})
		}
	}
}

// oldest chooses the processor that has the record that was written first.
func (l *Local) oldest() (choice, bool) {
	var next choice
	first := uint64(math.MaxUint64)
	for _, m := range l.members {
		if _, order := m.oldest(); order < first {
			next.m, first = m, order
		}
	}
	if next.m != nil {
		return next, true
	}
	for _, m := range l.members {
		for _, t := range m.tasks {
			if t.isDue() {
				return choice{m: m, fires: t}, true
			}
		}
	}
	return choice{}, false
}

// oldest is the input with the record that was written first, and when that was.
func (m *member) oldest() (input int, order uint64) {
	order = math.MaxUint64
	for i := range m.p.inputs {
		t := m.l.o.Log.Topic(m.p.inputs[i].topic)
		if at := m.places[i]; at < len(t.Order) && t.Order[at] < order {
			input, order = i, t.Order[at]
		}
	}
	return input, order
}

// do does what was chosen.
func (l *Local) do(c choice) error {
	switch {
	case c.t != nil:
		return c.m.batch(c.t)
	case c.fires != nil:
		return c.m.fire(c.fires)
	case c.m != nil:
		return c.m.inOrder()
	case c.commit != nil:
		m := c.commit.m
		if !c.commit.resume() {
			m.cut()
		}
		return nil
	default:
		_, err := c.replica.Step(l.ctx, c.replica.partition, 1+l.o.Rand.IntN(c.replica.lag()))
		return err
	}
}

// batch has a task process some records of its inputs, and cuts its batch.
func (m *member) batch(t *task) error {
	r := m.l.o.Rand
	for n := 1 + r.IntN(m.l.o.Batch-t.cur.records); n > 0; n-- {
		waiting := t.waiting()
		if waiting == 0 {
			break
		}
		nth := r.IntN(waiting)
		for i, in := range t.inputs {
			if !in.from.(*localRecords).waiting() {
				continue
			}
			if nth == 0 {
				if err := m.process(t, i); err != nil {
					return err
				}
			}
			nth--
		}
	}
	m.cut()
	return nil
}

// waiting is how many inputs have a record.
func (t *task) waiting() (n int) {
	for _, in := range t.inputs {
		if in.from.(*localRecords).waiting() {
			n++
		}
	}
	return n
}

// inOrder processes the records that were written first, whatever their partition, and commits them.
func (m *member) inOrder() error {
	for range m.l.o.Batch {
		i, order := m.oldest()
		if order == math.MaxUint64 {
			break
		}
		r := m.l.o.Log.Topic(m.p.inputs[i].topic).Records[m.places[i]]
		m.places[i]++
		for _, list := range [][]replica{m.joins, m.l.lookups} {
			for _, table := range list {
				if table.lag() == 0 {
					continue
				}
				if _, err := table.Step(m.l.ctx, table.partition, math.MaxInt); err != nil {
					return err
				}
			}
		}
		if err := m.process(m.tasks[r.Partition], i); err != nil {
			return err
		}
	}
	m.cut()
	return nil
}

// process has a task process the next record of an input.
func (m *member) process(t *task, input int) error {
	ctx, from := m.a.session.Context(), t.inputs[input].from.(*localRecords)
	for t.goesOn(ctx) && t.fire(ctx) { // what is due comes before the record
	}
	from.due = true
	t.step(ctx)
	if err := m.again(t); err != nil || t.halted {
		return err
	}
	if m.l.o.Fresh {
		if err := guard(t.forget); err != nil {
			at := from.log.Record(from.partition, from.next-1)
			return &ProcessError{Processor: m.p.k.Name, Topic: at.Topic, Partition: at.Partition, Offset: at.Offset, Key: at.Key, Err: err}
		}
	}
	return nil
}

// fire calls one handler of a task whose time has come, and commits what came of it.
func (m *member) fire(t *task) error {
	t.time.wallLeft = wallTurn
	t.fire(m.a.session.Context())
	if err := m.again(t); err != nil || t.halted {
		return err
	}
	m.cut()
	return nil
}

// again has a task process what failed once more, without the pauses, until nothing of it is left. It returns what has ended the task.
func (m *member) again(t *task) error {
	ctx := m.a.session.Context()
	for !t.trouble.quiet() && t.goesOn(ctx) && m.a.writing.Err() == nil {
		t.trouble.until = time.Time{}
		switch {
		case t.flight.Load() == nil:
			if !t.step(ctx) {
				m.cut() // what comes before is committed first
			}
		case len(m.commits) == 0:
			m.begin()
		case !m.commits[0].resume():
			m.cut()
		}
	}
	switch {
	case m.l.e.failure() != nil:
		return m.l.e.failure()
	case t.halted:
		return context.Cause(ctx)
	}
	return nil
}

// cut hands the open batches to the coordinator.
func (m *member) cut() {
	if m.a.writing.Err() != nil {
		return // crashed
	}
	for _, t := range m.tasks {
		t.cutNow()
	}
	m.begin()
}

// drain commits what was processed before an error.
func (l *Local) drain() {
	for _, m := range l.members {
		if m.a != nil {
			m.cut()
		}
		for len(m.commits) > 0 {
			if !m.commits[0].resume() {
				m.cut()
			}
		}
	}
	l.abandon()
}

// abandon ends all assignments where they are.
func (l *Local) abandon() {
	for _, m := range l.members {
		for _, t := range m.tasks {
			t.exited(l.ctx)
		}
		m.end(errOver)
	}
}

// forget has all rows decoded anew: those of batches that are not committed from what they would be committed as.
func (t *task) forget() error {
	for _, r := range append(append([]*reader(nil), t.joins...), t.lookups...) {
		r.cache.Clear()
	}
	for _, r := range t.kept {
		if err := r.decodeAnew(); err != nil {
			return err
		}
	}
	return nil
}

// decodeAnew has the rows of the table decoded anew.
func (r *rows) decodeAnew() error {
	r.cache.Clear()
	r.sorted, r.flying = nil, nil
	if b := r.task.flight.Load(); b != nil {
		for _, c := range b.of(r) {
			s := rowState{ok: c.value != nil, size: int32(len(c.value)), seq: b.seq}
			if s.ok {
				var err error
				if s.value, err = r.def.Decode(c.value); err != nil {
					return err
				}
			}
			r.cache.Forget(string(c.key))
			r.cache.Add(string(c.key), s, int(s.size))
		}
	}
	for i, w := range r.dirty {
		if err := r.again(&w.Value); err != nil {
			return err
		}
		r.cache.Forget(w.Key)
		r.dirty[i] = r.cache.Add(w.Key, w.Value, int(w.Value.size))
	}
	return nil
}

// again decodes a row from what it was when it was written.
func (r *rows) again(s *rowState) (err error) {
	if !s.ok {
		return nil
	}
	if s.raw == nil {
		if s.raw, err = r.def.Encode(s.value); err != nil {
			return err
		}
	}
	s.value, err = r.def.Decode(s.raw)
	return err
}
