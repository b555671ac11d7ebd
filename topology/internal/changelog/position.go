package changelog

import (
	"context"
	"sync"
)

// position is how far a partition was applied. It only grows.
type position struct {
	mu      sync.Mutex
	next    int64
	changed chan struct{} // closed at the next change; nil while nobody waits
}

func (p *position) advance(next int64) {
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

// wait returns when the position has reached next, ctx is done, or stopped is closed, and then reports whether it was reached.
func (p *position) wait(ctx context.Context, next int64, stopped <-chan struct{}) bool {
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
