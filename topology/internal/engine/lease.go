package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// errLease says that the group has not answered for so long that it may soon give the partitions away, or has.
var errLease = errors.New("no heartbeat was answered for two thirds of the session timeout")

// lease is the right to write of a member in one generation: for two thirds of the session timeout from the sending of a heartbeat that was
// answered. The group waits for the whole of it before it gives the partitions to others.
type lease struct {
	client Cluster
	member cluster.Member
	length time.Duration
	lost   func(cause error) // called once, when the lease has ended

	mu      sync.Mutex
	renewed time.Time
}

func newLease(client Cluster, m cluster.Member, lost func(error)) *lease {
	return &lease{client: client, member: m, length: client.Settings().SessionTimeout * 2 / 3, lost: lost, renewed: time.Now()}
}

// left is how long the lease still lasts. A process that was stopped, or whose machine was, finds that time has passed: by one clock or
// the other, for the monotonic clock may stand still meanwhile.
func (l *lease) left(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	passed := max(now.Sub(l.renewed), now.Round(0).Sub(l.renewed.Round(0)))
	return l.length - passed
}

// check is nil while the lease lasts.
func (l *lease) check() error {
	if l.left(time.Now()) <= 0 {
		return errLease
	}
	return nil
}

// expire ends the lease, as a pause of the process does. It is for tests.
func (l *lease) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed = l.renewed.Add(-2 * l.length)
}

// keep renews the lease until ctx is done, or it is lost.
func (l *lease) keep(ctx context.Context) {
	interval := l.length / 6
	for {
		sent := time.Now()
		err := l.beat(ctx, interval*2)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			l.mu.Lock()
			if l.length-max(sent.Sub(l.renewed), 0) > 0 { // one that has ended is not renewed
				l.renewed = sent
			}
			l.mu.Unlock()
		case errors.Is(err, cluster.ErrNotMember):
			l.lost(err)
			return
		}
		left := l.left(time.Now())
		if left <= 0 {
			l.lost(errors.Join(errLease, err))
			return
		}
		select {
		case <-time.After(min(interval, left)):
		case <-ctx.Done():
			return
		}
	}
}

// beat sends one heartbeat. That the group waits for its members to join again is an answer like another: until they have, or
// the session timeout has passed, nobody else gets the partitions.
func (l *lease) beat(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no answer for %s", within))
	defer cancel()
	_, err := l.client.Heartbeat(ctx, l.member)
	return err
}
