//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

const (
	// floodPiece is how many renderings are sent together, behind an edit.
	floodPiece = 1000
	// floodBacklog is how many renderings the workers may be behind before the next piece is sent: enough that they never wait for
	// work, and few enough that they are soon at rest when the flood ends.
	floodBacklog = 16_000
)

// flood sends renderings as fast as the workers process them, and knows how many they have: each makes one record of the page's links
// that come and go.
type flood struct {
	c    *Cluster
	load *Load

	stop    context.CancelFunc // of watching and sending
	watched chan error
	ending  chan struct{} // closed when no further piece is to be sent
	sending chan error    // has the error of sending; nil: it has not begun

	mu        sync.Mutex
	sent      int
	processed int
	changed   chan struct{} // closed and replaced when processed grows
}

func newFlood(c *Cluster, l *Load) *flood {
	return &flood{c: c, load: l, stop: func() {}, ending: make(chan struct{}), changed: make(chan struct{})}
}

// watch counts what is processed from now on, until close.
func (f *flood) watch(ctx context.Context) error {
	from, err := topology.Ends(ctx, f.c.cfg, tables.LinkChanges)
	if err != nil {
		return err
	}
	ctx, f.stop = context.WithCancel(ctx)
	f.watched = make(chan error, 1)
	go func() {
		f.watched <- topology.Consume(ctx, f.c.cfg, tables.LinkChanges,
			func(_ context.Context, r *topology.Record[tables.PageKey, tables.LinkChange]) error {
				if r.Value.Type == tables.LinkPage && r.Offset() >= from[r.Partition()] {
					f.count()
				}
				return nil
			})
	}()
	return nil
}

func (f *flood) count() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.processed++
	close(f.changed)
	f.changed = make(chan struct{})
}

// start begins to send.
func (f *flood) start(ctx context.Context) error {
	f.sending = make(chan error, 1)
	go func() { f.sending <- f.send(ctx) }()
	return nil
}

func (f *flood) send(ctx context.Context) error {
	for {
		if err := f.c.Send(ctx, f.load.Flood(floodPiece)); err != nil {
			return err
		}
		f.mu.Lock()
		f.sent += floodPiece
		least := f.sent - floodBacklog
		f.mu.Unlock()
		if ended, err := f.until(ctx, least, f.ending); err != nil || ended {
			return err
		}
	}
}

// until waits until n renderings have been processed, or until ended is closed, and reports whether that is so.
func (f *flood) until(ctx context.Context, n int, ended <-chan struct{}) (bool, error) {
	for {
		f.mu.Lock()
		have, changed := f.processed, f.changed
		f.mu.Unlock()
		select {
		case <-ended:
			return true, nil
		default:
		}
		if have >= n {
			return false, nil
		}
		select {
		case <-changed:
		case <-ended:
		case <-ctx.Done():
			return false, fmt.Errorf("waiting for %d renderings to be processed, of which %d are: %w", n, have, ctx.Err())
		}
	}
}

// more waits until n more renderings have been processed.
func (f *flood) more(n int) step {
	return func(ctx context.Context) error {
		f.mu.Lock()
		n := f.processed + n
		f.mu.Unlock()
		_, err := f.until(ctx, n, nil)
		return err
	}
}

// end lets no further piece be sent, and waits until the last one is.
func (f *flood) end(context.Context) error {
	select {
	case <-f.ending:
		return nil
	default:
		close(f.ending)
	}
	if f.sending == nil {
		return nil
	}
	return <-f.sending
}

// close ends the flood and the watching.
func (f *flood) close() error {
	err := f.end(context.Background())
	f.stop()
	return errors.Join(err, <-f.watched)
}
