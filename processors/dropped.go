package processors

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Check says what the pipeline makes of an event, by the rules that its processors keep to: which of its links it drops, or why it
// refuses the event. The page's title that lacks the prefix of its namespace, as in the examples of Wikimedia's schema, is given it.
func Check(sites *tables.Sites, ev *events.Event) ([]events.Dropped, error) {
	if ev.Change != nil {
		mendChange(sites, ev.Change)
		_, dropped, err := readChange(sites, ev.Change)
		return dropped, err
	}
	mendRender(sites, ev.Render)
	site, err := renderSite(sites, ev.Render)
	if err != nil {
		return nil, err
	}
	_, dropped := readRender(site, ev.Render)
	return append(slices.Clip(ev.Render.Dropped), dropped...), nil
}

// AcceptChange is [Check] of a page change, for those who do not ask for links.
func AcceptChange(sites *tables.Sites, ev *events.PageChange) error {
	_, err := Check(sites, &events.Event{Change: ev})
	return err
}

// AcceptRender is [Check] of a render, likewise.
func AcceptRender(sites *tables.Sites, ev *events.Render) error {
	_, err := Check(sites, &events.Event{Render: ev})
	return err
}

// dropLogInterval is the least time between two lines about links that were dropped.
const dropLogInterval = 10 * time.Second

// dropLog tells of links that were dropped: their number by fault, and the last one of each as a sample. It is safe for
// concurrent use.
type dropLog struct {
	logger *slog.Logger

	mu      sync.Mutex
	waiting bool // a line comes at the end of the interval
	last    time.Time
	faults  map[events.Fault]*droppedLinks
}

// droppedLinks are the links of one fault.
type droppedLinks struct {
	fresh, total int // since the last line; ever
	page         tables.PageKey
	sample       events.Dropped
}

func (l *dropLog) note(page tables.PageKey, dropped []events.Dropped) {
	if len(dropped) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.faults == nil {
		l.faults = map[events.Fault]*droppedLinks{}
	}
	for _, d := range dropped {
		of := l.faults[d.Fault]
		if of == nil {
			of = &droppedLinks{}
			l.faults[d.Fault] = of
		}
		of.fresh, of.total, of.page, of.sample = of.fresh+1, of.total+1, page, d
	}
	if l.waiting {
		return
	}
	wait := dropLogInterval - time.Since(l.last)
	if wait <= 0 {
		l.tell()
		return
	}
	l.waiting = true
	time.AfterFunc(wait, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.waiting = false
		l.tell()
	})
}

// tell logs a line for each fault that was met since the last time.
func (l *dropLog) tell() {
	l.last = time.Now()
	for _, fault := range slices.Sorted(maps.Keys(l.faults)) {
		of := l.faults[fault]
		if of.fresh == 0 {
			continue
		}
		l.logger.Warn("links that cannot be are left out", "fault", fault, "count", of.fresh, "total", of.total,
			"wiki", of.page.Wiki, "page", of.page.ID, "type", of.sample.Type, "sample", codecs.Cut(of.sample.Text, 100))
		of.fresh = 0
	}
}
