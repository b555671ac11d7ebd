package bench

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// watch sees requests arrive and times those of one cascade.
type watch struct {
	mu      sync.Mutex
	cascade tables.CascadeID
	edited  tables.PageKey
	asked   map[tables.PageKey]bool
	seen    seen
	read    topology.Positions
	more    chan struct{}
}

// seen is what came of a cascade.
type seen struct {
	pages       int // without the edited one
	repeats     int // requests for a page that had been asked for
	others      int // requests of other cascades
	first, last time.Time
}

func newWatch() *watch {
	return &watch{read: topology.Positions{}, more: make(chan struct{})}
}

// begin starts to time the requests of an edit.
func (w *watch) begin(e edit) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cascade, w.edited = e.cascade(), e.change.PageKey()
	w.asked, w.seen = map[tables.PageKey]bool{}, seen{}
	return time.Now()
}

// end returns what came.
func (w *watch) end() seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}

// request takes one record of the stream.
func (w *watch) request(_ context.Context, r *topology.Record[tables.PageKey, tables.Request]) error {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case r.Value.Cascade.ID != w.cascade:
		w.seen.others++
	case r.Key == w.edited: // asked for what others see of it
	case w.asked[r.Key]:
		w.seen.repeats++
	default:
		if w.seen.pages == 0 {
			w.seen.first = now
		}
		w.asked[r.Key] = true
		w.seen.pages++
		w.seen.last = now
	}
	w.read[r.Partition()] = r.Offset() + 1
	close(w.more)
	w.more = make(chan struct{})
	return nil
}

// positions returns how far the stream has been read.
func (w *watch) positions() topology.Positions {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.read)
}

// until waits until the stream has been read to its ends.
func (w *watch) until(ctx context.Context, ends topology.Positions) error {
	for {
		w.mu.Lock()
		behind := false
		for partition, end := range ends {
			behind = behind || w.read[partition] < end
		}
		more := w.more
		w.mu.Unlock()
		if !behind {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
