package topology

import (
	"fmt"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// handle ties what a declaration returned to its processor.
type handle struct {
	proc *processor
	edge *edge
	err  error // the declaration was refused
}

// in checks that the handle may be used with the record, and returns the record's scope.
func (h *handle) in(r Scope) (*scope, error) {
	if h.err != nil {
		return nil, h.err
	}
	if h.proc == nil {
		return nil, fmt.Errorf("%w: it was declared by none", ErrWrongProcessor)
	}
	var s *scope
	if r != nil {
		s = r.scope()
	}
	if s == nil || s.task == nil {
		return nil, fmt.Errorf("%w: the handle of %q, topic %q, needs a record that is being processed", ErrWrongProcessor, h.proc.kernel.Name, h.edge.topic.Name)
	}
	if user := s.task.Processor(); user != h.proc.kernel {
		return nil, fmt.Errorf("%w: the handle of %q, topic %q, was used in %q", ErrWrongProcessor, h.proc.kernel.Name, h.edge.topic.Name, user.Name)
	}
	return s, nil
}

// reader returns the table of a join or lookup handle.
func (h *handle) reader(s *scope) kernel.Reader {
	if h.edge.role == roleLookup {
		return s.task.Lookup(h.edge.table.Index)
	}
	return s.task.Join(h.edge.table.Index)
}

// rows returns the own table of a handle.
func (h *handle) rows(s *scope) kernel.Rows {
	if h.edge.role == roleStore {
		return s.task.Store(h.edge.table.Index)
	}
	return s.task.Own()
}

// get reads a row and gives it its type back.
func get[V any](s *scope, rows kernel.Reader, topic string, key []byte) (V, bool, error) {
	s.mu.Lock()
	row, ok, err := rows.Get(key)
	s.mu.Unlock()
	if err != nil || !ok {
		var zero V
		return zero, false, err
	}
	v, err := rowOf[V](topic, row)
	return v, err == nil, err
}
