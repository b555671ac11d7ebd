package changelog

import (
	"context"
	"sync"
)

// Position is how far a partition was applied. It only grows. The zero value is the start of a log.
type Position struct {
	mu      sync.Mutex
	next    int64
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// Advance says that everything below next was applied.
func (p *Position) Advance(next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if next <= p.next {
		return
	}
	p.next = next
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// Next is the offset below which everything was applied.
func (p *Position) Next() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next
}

// Wait returns when the position has reached next, ctx is done, or stopped is closed, and reports whether it was reached.
func (p *Position) Wait(ctx context.Context, next int64, stopped <-chan struct{}) bool {
	for {
		p.mu.Lock()
		if p.next >= next {
			p.mu.Unlock()
			return true
		}
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		case <-stopped:
			return false
		}
	}
}
