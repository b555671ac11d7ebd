package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// cascades edits templates: first the one that nearly every page depends on, then such that few do.
func (b *run) cascades(ctx context.Context, p pipeline) (err error) {
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

	if err := b.readAll(ctx, watch); err != nil { // what building the tables asked for
		return err
	}
	trace, err := b.opt.Profiles.startTrace()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trace()) }()
	for _, e := range b.wiki.of(middleEdit) {
		for range b.opt.Repeats {
			if _, _, err := b.edit(ctx, p, watch, e); err != nil {
				return err
			}
		}
	}
	for _, e := range b.wiki.of(bigEdit) {
		if err := b.big(ctx, p, watch, e); err != nil {
			return err
		}
	}
	return b.small(ctx, p, watch, b.wiki.of(smallEdit))
}

// big measures a cascade of many pages.
func (b *run) big(ctx context.Context, p pipeline, watch *watch, e edit) error {
	for n := range b.opt.Repeats {
		seen, took, err := b.edit(ctx, p, watch, e)
		if err != nil {
			return err
		}
		perSec := float64(seen) / took.last.Seconds()
		if n == 0 {
			b.result.Cascade = Cascade{Requests: seen, FirstMS: ms(took.first), Seconds: took.last.Seconds(), PerSec: perSec}
		}
		b.result.Cascade.Best = max(b.result.Cascade.Best, perSec)
	}
	return nil
}

// warmUps is how many small cascades are run before those that are timed.
const warmUps = 20

// small measures cascades of few pages, one after the other.
func (b *run) small(ctx context.Context, p pipeline, watch *watch, edits []edit) error {
	edits = edits[:min(b.opt.Small, len(edits))]
	var first, last []time.Duration
	for i := range warmUps + len(edits) {
		if len(edits) == 0 {
			break
		}
		seen, took, err := b.edit(ctx, p, watch, edits[i%len(edits)])
		if err != nil {
			return err
		}
		if i >= warmUps {
			first, last = append(first, took.first), append(last, took.last)
			b.result.Small.Requests += seen
		}
	}
	b.result.Small.Edits = len(first)
	b.result.Small.FirstP50, b.result.Small.FirstP99 = ms(percentile(first, 50)), ms(percentile(first, 99))
	b.result.Small.LastP50, b.result.Small.LastP99 = ms(percentile(last, 50)), ms(percentile(last, 99))
	return nil
}

// times are from the rendering that reports an edit to the first and the last of its requests.
type times struct{ first, last time.Duration }

// edit publishes one edit, as one that was not published before, and waits for what follows.
func (b *run) edit(ctx context.Context, p pipeline, watch *watch, e edit) (pages int, took times, err error) {
	e = e.again(b.sent)
	b.sent++
	name := e.change.Change.Page.Title
	b.opt.Step("editing " + name)
	if err := send(ctx, p.producer(), e.change); err != nil {
		return 0, took, err
	}
	if err := p.producer().Flush(ctx); err != nil {
		return 0, took, err
	}
	begin := watch.begin(e)
	if err := send(ctx, p.producer(), e.render); err != nil {
		return 0, took, err
	}
	if err := p.settle(ctx); err != nil {
		return 0, took, err
	}
	if err := b.readAll(ctx, watch); err != nil {
		return 0, took, err
	}
	got := watch.end()
	if got.pages != e.expected || got.repeats > 0 || got.others > 0 {
		return 0, took, fmt.Errorf("%w: the edit of %q asked for %d pages, not %d; %d of them again; and for %d that are not its own",
			ErrWrong, name, got.pages, e.expected, got.repeats, got.others)
	}
	b.asked += got.pages
	return got.pages, times{got.first.Sub(begin), got.last.Sub(begin)}, nil
}

// readAll waits until all requests that are in the log have been seen.
func (b *run) readAll(ctx context.Context, watch *watch) error {
	ends, err := topology.Ends(ctx, b.cfg, tables.RerenderRequests)
	if err != nil {
		return err
	}
	last := topology.Positions{} // behind the last requests: the log may end with markers of transactions, which the watch is not shown
	err = topology.Read(ctx, b.cfg, tables.RerenderRequests, watch.positions(), ends,
		func(_ context.Context, r *topology.Record[tables.PageKey, tables.Request]) error {
			last[r.Partition()] = r.Offset() + 1
			return nil
		})
	if err != nil {
		return err
	}
	return watch.until(ctx, last)
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
