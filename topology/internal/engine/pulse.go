package engine

import (
	"context"
	"sync"
	"time"
)

// pulse notices that the process did not run for a while: stopped by a signal, or its machine frozen. Its sessions then look as they
// did before, but the group may have given its partitions to others.
type pulse struct {
	limit time.Duration

	mu     sync.Mutex
	last   time.Time
	pauses int64
}

// observe returns the number of pauses so far. Whoever looks first after a pause counts it.
func (p *pulse) observe(now time.Time) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.last.IsZero() && now.Sub(p.last) > p.limit {
		p.pauses++
	}
	p.last = now
	return p.pauses
}

// beat observes until done is closed.
func (p *pulse) beat(done <-chan struct{}) {
	ticker := time.NewTicker(p.limit / 4)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			p.observe(now)
		case <-done:
			return
		}
	}
}

// verified reports whether the group still counts this member, asking it if there was a pause since that was last known. Only the
// committer calls it, before it writes to a changelog.
func (a *assignment) verified() bool {
	e := a.p.e
	pauses := e.pulse.observe(time.Now())
	for a.pauses != pauses {
		ctx, cancel := context.WithTimeout(e.sending, 5*time.Second)
		member, err := e.opts.Client.Member(ctx, a.p.k.Group, a.session.MemberID(), a.session.GenerationID())
		cancel()
		switch {
		case err == nil && !member:
			a.p.log.Warn("the process was paused, and the group gave its partitions away", "generation", a.session.GenerationID())
			return false
		case err == nil:
			a.pauses = pauses
			return true
		case a.session.Context().Err() != nil:
			return false
		}
		a.p.log.Warn("the process was paused, and the group does not answer", "error", err)
		select {
		case <-time.After(100 * time.Millisecond):
		case <-a.session.Context().Done():
			return false
		case <-e.committer.stop:
			return false
		}
	}
	return true
}
