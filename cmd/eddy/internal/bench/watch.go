package bench

import (
	"context"
	"sync"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// watch sees requests arrive and times those of one root, the changed page's own left out.
type watch struct {
	mu          sync.Mutex
	root        tables.RequestRoot
	asked       map[tables.PageKey]bool
	first, last time.Time
	read        topology.Positions
	more        chan struct{}
}

func newWatch() *watch {
	return &watch{read: topology.Positions{}, more: make(chan struct{})}
}

// begin starts to time the requests of a template's edit.
func (w *watch) begin(root tables.Title) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.root = tables.RequestRoot{PageTitle: "Template:" + root.DBKey, Namespace: root.Namespace}
	w.asked, w.first, w.last = map[tables.PageKey]bool{}, time.Time{}, time.Time{}
	return time.Now()
}

// end returns how many pages were asked for, and when the first and the last request came.
func (w *watch) end() (seen int, first, last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked), w.first, w.last
}

// request takes one record of the stream.
func (w *watch) request(_ context.Context, r *topology.Record[tables.PageKey, tables.Request]) error {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Value.Depth > 0 && r.Value.Cascade.Root == w.root {
		if len(w.asked) == 0 {
			w.first = now
		}
		w.last = now
		w.asked[r.Key] = true
	}
	w.read[r.Partition()] = r.Offset() + 1
	close(w.more)
	w.more = make(chan struct{})
	return nil
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
