//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

const (
	// floodPiece is how many records are sent together.
	floodPiece = 1000
	// floodBacklog is how many records the workers may be behind before the next piece is sent: enough that they never wait for
	// work, and few enough that they are soon at rest when the flood ends.
	floodBacklog = 16_000
)

// flood sends records as fast as the workers process them, and knows how many they have.
type flood struct {
	pipeline pipeline

	stop    context.CancelFunc // of watching and sending
	watched chan error
	ending  chan struct{} // closed when no further piece is to be sent
	sending chan error    // has the error of sending; nil: it has not begun

	mu        sync.Mutex
	sent      int
	processed int
	changed   chan struct{} // closed and replaced when processed grows
}

func newFlood(p pipeline) *flood {
	return &flood{pipeline: p, stop: func() {}, ending: make(chan struct{}), changed: make(chan struct{})}
}

// watch counts what is processed from now on, until close.
func (f *flood) watch(ctx context.Context) error {
	follow, err := f.pipeline.follow(ctx)
	if err != nil {
		return err
	}
	ctx, f.stop = context.WithCancel(ctx)
	f.watched = make(chan error, 1)
	go func() { f.watched <- follow(ctx, f.count) }()
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
		if err := f.pipeline.flood(ctx, floodPiece); err != nil {
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

// until waits until n records have been processed, or until ended is closed, and reports whether that is so.
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
			return false, fmt.Errorf("waiting for %d records to be processed, of which %d are: %w", n, have, ctx.Err())
		}
	}
}

// more waits until n more records have been processed.
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
