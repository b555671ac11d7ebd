package demo

import (
	"context"
	"sync"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// renderer answers requests: it renders the page as the wiki is now, unless the last rendering is newer than what made
// it stale. It closes the loop.
type renderer struct {
	town *town
	send func(context.Context, simwiki.Event) error

	mu      sync.Mutex
	last    map[int64]*events.Render
	tally   Tally
	handled int64 // requests read
	moved   chan struct{}
}

// Tally counts what a renderer did.
type Tally struct {
	Requested int   `json:"requested"`
	Rendered  int   `json:"rendered"`
	Skipped   int   `json:"skipped"` // rendered since the change anyway
	Changed   int   `json:"changed"` // of the renderings, those that look different from the last one
	Depths    []int `json:"depths"`  // requests by depth; 0 is the changed page itself

	first, last time.Time // when requests came
}

func newRenderer(t *town, send func(context.Context, simwiki.Event) error) *renderer {
	return &renderer{town: t, send: send, last: map[int64]*events.Render{}, moved: make(chan struct{})}
}

// answer handles one request.
func (r *renderer) answer(ctx context.Context, record *topology.Record[tables.PageKey, tables.Request]) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	req := &record.Value
	now := time.Now()
	if r.tally.Requested == 0 {
		r.tally.first = now
	}
	r.tally.last = now
	r.tally.Requested++
	for len(r.tally.Depths) <= int(req.Depth) {
		r.tally.Depths = append(r.tally.Depths, 0)
	}
	r.tally.Depths[req.Depth]++
	if err := r.render(ctx, req.PageID, req.Stale, &events.Cause{CascadeID: string(req.Cascade.ID), Root: req.Cascade.Root.PageTitle}); err != nil {
		return err
	}
	r.handled++
	close(r.moved)
	r.moved = make(chan struct{})
	return nil
}

// render renders a page unless its last rendering began after the second in which it became stale.
func (r *renderer) render(ctx context.Context, page, stale int64, cause *events.Cause) error {
	old := r.last[page]
	if old != nil && old.Start.Unix() > stale {
		r.tally.Skipped++
		return nil
	}
	ev, err := r.town.wiki.Render(page, cause)
	if err != nil {
		return err
	}
	r.tally.Rendered++
	if old != nil && old.OutputSHA1 != ev.Render.OutputSHA1 {
		r.tally.Changed++
	}
	r.last[page] = ev.Render
	return r.send(ctx, ev)
}

// change lets the wiki change, and starts a new tally.
func (r *renderer) change(do func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally = Tally{}
	return do()
}

// save renders a page as it is saved, which is what most wikis do.
func (r *renderer) save(ctx context.Context, page int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ev, err := r.town.wiki.Render(page, nil)
	if err != nil {
		return err
	}
	r.last[page] = ev.Render
	return r.send(ctx, ev)
}

// now returns the tally, the number of requests handled in all, and a channel that is closed when there is more.
func (r *renderer) now() (t Tally, handled int64, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tally, r.handled, r.moved
}

// stale returns how many living pages' last rendering differs from what a rendering would show now.
func (r *renderer) stale() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, id := range r.town.wiki.Living() {
		if output, ok := r.town.wiki.Output(id); ok && (r.last[id] == nil || r.last[id].OutputSHA1 != output) {
			n++
		}
	}
	return n
}
