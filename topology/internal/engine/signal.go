package engine

import (
	"sync"
	"sync/atomic"
)

// signal tells those who wait that something changed. Raising it costs nothing while nobody does.
type signal struct {
	waiting atomic.Int32
	mu      sync.Mutex
	ch      chan struct{}
}

// join announces a waiter; leave must be called once.
func (s *signal) join()  { s.waiting.Add(1) }
func (s *signal) leave() { s.waiting.Add(-1) }

// next returns a channel that the next raise closes. Take it before looking at what is waited for.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

// raise wakes all that wait.
func (s *signal) raise() {
	if s.waiting.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
