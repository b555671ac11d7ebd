package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// Pipeline is where events go.
type Pipeline interface {
	// Change and Render send an event, keyed by its page. They may return before it is acknowledged; the error may be
	// that of an earlier event.
	Change(ctx context.Context, page tables.PageKey, ev events.PageChange) error
	Render(ctx context.Context, page tables.PageKey, ev events.Render) error
	// Settle waits until all that was sent is processed, and all that followed from it.
	Settle(ctx context.Context) error
}

// Options say how files are fed.
type Options struct {
	// Sites are the wikis whose events are taken. Defaults to every wiki, with English namespaces.
	Sites *tables.Sites
	// Wikis are names for wikis; an event is given its own before anything else. Defaults to those that events have.
	Wikis tables.WikiMap
	// Settle waits for rest before each page change, and before the first render event of a page other than the
	// changed ones. Otherwise files are fed at full speed.
	Settle bool
	// OnError defaults to Stop.
	OnError Policy
	// Reject takes the events that cannot be used, where OnError is DeadLetter. Its error stops the replay.
	Reject func(ctx context.Context, r Rejected) error
	// Stdin is what the file "-" stands for; nil: nothing does.
	Stdin io.Reader
	// Dropped is told of links that are left out of an event. Defaults to nobody.
	Dropped func(ev *events.Event, links []events.Dropped)
	// Progress is told the counts after each event. It must be quick.
	Progress func(Counts)
}

// Counts is how much has been fed.
type Counts struct {
	Files    int `json:"files"`
	Events   int `json:"events"` // sent
	Changes  int `json:"changes"`
	Renders  int `json:"renders"`
	Canaries int `json:"canaries"` // dropped
	Rejected int `json:"rejected"`
	Settled  int `json:"settled"` // times that rest was waited for
	Dropped  int `json:"dropped"` // links that cannot be, and so are left out of their events
}

// Feed sends the events of the files to the pipeline, one file after the other, each when the one before has come to
// rest, and returns when all is at rest. An event that cannot be used ends it with Stop, and so does a file that cannot be read to its end;
// otherwise all that can be read is fed, and the files' errors are returned then. Errors name file and line, and wrap ErrInput. That all
// files exist is looked at first.
func Feed(ctx context.Context, to Pipeline, files []string, opts Options) (Counts, error) {
	if opts.OnError == "" {
		opts.OnError = Stop
	}
	if opts.Sites == nil {
		sites, err := tables.NewSites(nil)
		if err != nil {
			return Counts{}, err
		}
		opts.Sites = sites
	}
	if opts.OnError == DeadLetter && opts.Reject == nil {
		return Counts{}, errors.New("dead letters need somebody who takes them")
	}
	if err := look(files, opts.Stdin); err != nil {
		return Counts{}, err
	}
	f := feeder{to: to, opts: opts}
	var errs []error
	for _, file := range files {
		err := f.file(ctx, file)
		if err != nil && (opts.OnError == Stop || !errors.Is(err, events.ErrFile)) {
			return f.counts, errors.Join(append(errs, err)...)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return f.counts, errors.Join(errs...)
}

// stdin is the name of the standard input among the files.
const stdin = "-"

// look finds files that are not there.
func look(files []string, in io.Reader) error {
	read := false
	for _, file := range files {
		if file == stdin && in != nil {
			if read {
				return fmt.Errorf("%w: the standard input can be read once", ErrInput)
			}
			read = true
			continue
		}
		if info, err := os.Stat(file); err != nil {
			return fmt.Errorf("%w: %w", ErrInput, err)
		} else if info.IsDir() {
			return fmt.Errorf("%w: %s is a directory", ErrInput, file)
		}
	}
	return nil
}

// ErrInput is wrapped by the error of an event that cannot be used.
var ErrInput = errors.New("bad input")

type feeder struct {
	to     Pipeline
	opts   Options
	pacer  pacer
	counts Counts
}

func (f *feeder) file(ctx context.Context, name string) error {
	r, err := f.open(ctx, name)
	if errors.Is(err, events.ErrFile) {
		err = fmt.Errorf("%w: %w", ErrInput, err)
	}
	if err != nil {
		return err
	}
	defer r.Close()
	f.pacer = pacer{}
	for ev, err := range r.Events() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.event(ctx, &ev, err); err != nil {
			if errors.Is(err, events.ErrFile) {
				err = errors.Join(err, f.settle(ctx)) // for what stood before
			}
			return err
		}
		if f.opts.Progress != nil {
			f.opts.Progress(f.counts)
		}
	}
	f.counts.Files++
	return f.settle(ctx)
}

// open opens a file; what is read of it heeds ctx.
func (f *feeder) open(ctx context.Context, name string) (*events.Reader, error) {
	if name == stdin && f.opts.Stdin != nil {
		return events.Uncompress(ctx, "standard input", f.opts.Stdin)
	}
	return events.OpenContext(ctx, name)
}

// event sends one event; err is what the reader said of it.
func (f *feeder) event(ctx context.Context, ev *events.Event, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	if _, ok := errors.AsType[*events.LineError](err); err != nil && !ok {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	if err == nil && canary(ev) || err != nil && events.CanaryJSON(ev.Raw) {
		f.counts.Canaries++
		return nil
	}
	var dropped []events.Dropped
	if err == nil {
		f.opts.Wikis.Rename(ev)
		if dropped, err = processors.Check(f.opts.Sites, ev); err != nil {
			err = &events.LineError{File: ev.File, Line: ev.Line, Err: err}
		}
	}
	if err != nil {
		return f.reject(ctx, Rejected{File: ev.File, Line: ev.Line, Raw: ev.Raw, Err: err})
	}
	before := f.counts.Events
	err = f.send(ctx, ev)
	if len(dropped) > 0 && f.counts.Events > before { // of an event that is refused nothing is left
		f.counts.Dropped += len(dropped)
		if f.opts.Dropped != nil {
			f.opts.Dropped(ev, dropped)
		}
	}
	return err
}

func canary(ev *events.Event) bool {
	if ev.Change != nil {
		return ev.Change.Meta.Canary()
	}
	return ev.Render.Meta.Canary()
}

func (f *feeder) reject(ctx context.Context, r Rejected) error {
	f.counts.Rejected++
	switch f.opts.OnError {
	case Skip:
		return nil
	case DeadLetter:
		return f.opts.Reject(ctx, r)
	default:
		return fmt.Errorf("%w: %w", ErrInput, r.Err)
	}
}

func (f *feeder) send(ctx context.Context, ev *events.Event) error {
	if f.opts.Settle && f.pauses(ev) {
		if err := f.settle(ctx); err != nil {
			return err
		}
	}
	var err error
	if ev.Change != nil {
		err = f.to.Change(ctx, pageOf(ev), *ev.Change)
	} else {
		err = f.to.Render(ctx, pageOf(ev), *ev.Render)
	}
	switch {
	case errors.Is(err, topology.ErrTooLarge):
		return f.reject(ctx, Rejected{File: ev.File, Line: ev.Line, Raw: ev.Raw, Err: &events.LineError{File: ev.File, Line: ev.Line, Err: err}})
	case ev.Change != nil:
		f.counts.Changes++
	default:
		f.counts.Renders++
	}
	f.counts.Events++
	return err
}

func pageOf(ev *events.Event) tables.PageKey {
	if ev.Change != nil {
		return tables.PageKey{Wiki: ev.Change.Wiki, ID: ev.Change.Page.ID}
	}
	return tables.PageKey{Wiki: ev.Render.Wiki, ID: ev.Render.Page.ID}
}

// pauses reports whether rest is to be waited for before the event.
func (f *feeder) pauses(ev *events.Event) bool {
	if ev.Change == nil {
		return f.pacer.render(pageOf(ev))
	}
	f.pacer.change(pageOf(ev))
	return true
}

func (f *feeder) settle(ctx context.Context) error {
	f.counts.Settled++
	return f.to.Settle(ctx)
}
