package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// cascades edits templates: first the one that nearly every page depends on, then such that few do.
func (b *run) cascades(ctx context.Context, app *topology.App) (err error) {
	watch := newWatch()
	following, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- topology.Consume(following, b.cfg, tables.RerenderRequests, watch.request) }()
	defer func() {
		stop()
		if e := <-ended; !errors.Is(e, context.Canceled) {
			err = errors.Join(err, e)
		}
	}()

	trace, err := b.opt.Profiles.startTrace()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trace()) }()
	next := b.edits()
	var first, last []time.Duration
	for _, edit := range b.wiki.Edits() {
		change, render := <-next, <-next
		if edit.Kind == "small" && len(first) == b.opt.Small || edit.Kind == "mid3" {
			continue
		}
		b.opt.Step("editing " + edit.Title.DBKey)
		seen, took, err := b.edit(ctx, app, watch, edit, change, render)
		if err != nil {
			return err
		}
		if edit.Kind == "top5" {
			b.result.Cascade = Cascade{
				Requests: seen, FirstMS: ms(took.first), Seconds: took.last.Seconds(),
				PerSec: float64(seen) / took.last.Seconds(),
			}
			continue
		}
		first, last = append(first, took.first), append(last, took.last)
		b.result.Small.Requests += seen
	}
	b.result.Small.Edits = len(first)
	b.result.Small.FirstP50, b.result.Small.FirstP99 = ms(percentile(first, 50)), ms(percentile(first, 99))
	b.result.Small.LastP50, b.result.Small.LastP99 = ms(percentile(last, 50)), ms(percentile(last, 99))
	return nil
}

// edits hands out the events of the edits.
func (b *run) edits() <-chan simwiki.Event {
	out := make(chan simwiki.Event, 2*len(b.wiki.Edits()))
	for e := range b.wiki.EditEvents() {
		out <- e
	}
	return out
}

// times are from the edit to the first and the last of its requests.
type times struct{ first, last time.Duration }

// edit publishes one edit and waits for what follows.
func (b *run) edit(ctx context.Context, app *topology.App, watch *watch, edit simwiki.Edit, change, render simwiki.Event) (seen int, took times, err error) {
	begin := watch.begin(edit.Title.In(b.wiki.Wiki()))
	for _, e := range []simwiki.Event{change, render} {
		if err := send(ctx, app.Producer(), e); err != nil {
			return 0, took, err
		}
	}
	if err := app.Settle(ctx); err != nil {
		return 0, took, err
	}
	// All requests are in the log; the reader may be a little behind.
	ends, err := topology.Ends(ctx, b.cfg, tables.RerenderRequests)
	if err != nil {
		return 0, took, err
	}
	if err := watch.until(ctx, ends); err != nil {
		return 0, took, err
	}
	seen, first, last := watch.end()
	if seen != edit.Expected {
		return 0, took, fmt.Errorf("%w: the edit of %q asked for %d pages, not %d", ErrWrong, edit.Title.DBKey, seen, edit.Expected)
	}
	return seen, times{first.Sub(begin), last.Sub(begin)}, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// percentile returns the least time that p of a hundred do not exceed.
func percentile(list []time.Duration, p int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[(len(sorted)*p+99)/100-1]
}
