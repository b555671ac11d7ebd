package processors

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/eddystream/eddy/tables"
)

// StartOn says which of the two witnesses of a content change starts its cascade.
type StartOn string

// A cascade of a content change starts with the rendering of the changed page, which knows whether what others include
// of it has changed; or, where nobody renders the changed page, with the page change itself.
const (
	StartOnRender StartOn = "render"
	StartOnChange StartOn = "change"
)

// Options configure the pipeline. The zero value is ready to use.
type Options struct {
	// Sites knows the wikis and their rules for titles. Defaults to English namespaces for every wiki.
	Sites *tables.Sites
	// StartOn defaults to [StartOnRender].
	StartOn StartOn
	// ChunkWidth is the exponent of the width in page ids of the chunks of a target's dependents, 10 to 16. Chunks of
	// a sparse target are up to four times as wide. Defaults to 14: at most 2 KB a set.
	ChunkWidth int
	// InlineEdges is how many dependents of a target are kept in its own row, per source wiki. Defaults to 512.
	InlineEdges int
	// BucketEdges is how many dependents whose ids are too far apart for chunks are kept in one row. Defaults to 4,096.
	BucketEdges int
	// WalkChunks is how many chunks a walk goes through in one step. Defaults to 64.
	WalkChunks int
	// AbandonAfter is how long a cascade waits for renderings before it is closed as abandoned, in seconds from when it asked. Defaults to
	// 604,800 (7 days).
	AbandonAfter int64
	// Intake adds the processors that take events from topics that anybody writes. Defaults to none: events come in through [tables.PageChanges] and
	// [tables.Renders] alone.
	Intake *Intake
	// WitnessAfter is how long the change to a revision that was rendered is waited for before it is taken for lost: the rendering is the witness of
	// the changes before it then, and of its own. Negative: of those before it at once, and of its own never, for whoever lets everything come to rest after each change. Defaults to 10 s.
	WitnessAfter time.Duration
	// ClockSkew is how far the clocks of wikis and renderers may be apart. Where nothing but times tells, a rendering shows a change only if it began
	// more than that after it, so that a doubt is a page too many rather than a stale page. Defaults to none: there is one clock, and what falls into
	// one second is in doubt.
	ClockSkew time.Duration
	// Coalesce lets a page have one unanswered request at most: what else asks for the page meanwhile waits with it, and asks once more, all together, if
	// the rendering that comes is older than it. A page that is not rendered is asked for again after that time, a second or more, at the latest after twice
	// of it, then with pauses that double, and after AbandonAfter no more: its delete may have been lost. A request of a changed page for itself ([tables.LinkSelf]) counts for its later changes alone. The price is some more bytes for each request. Not while
	// rows are written for workers of v1. Defaults to 0: each cascade sends a request of its own.
	Coalesce time.Duration
	// Now is the time of the process, which timers go by. Defaults to [time.Now].
	Now func() time.Time
	// EndedCascades is how many cascades that have ended a chunk of 256 pages remembers, so that a link that comes too late for one of them asks for
	// no page twice. Where more of a chunk's cascades end before it comes, as a long backlog may bring about, it may, and the cascade's counts are
	// too low. Each takes some 50 bytes. Defaults to [tables.ClosedCascades].
	EndedCascades int
	// OpenCascades is how many cascades a chunk of 256 pages waits for; it may be some more for a moment. The one that has been waited for longest is
	// given up where another comes: it will end as abandoned, with everything asked for all the same. Each takes some 50 bytes, and an answer looks
	// through all of its chunk. Defaults to [tables.OpenAsks].
	OpenCascades int
	// Logger is told of links that cannot be, and of wikis whose rules are not known. Defaults to none.
	Logger *slog.Logger

	dropped *dropLog
	// CascadeEntries is how many messages, and how many chunks of pages, of a cascade are in one row; larger cascades have more rows. Defaults to
	// [tables.CascadeEntries].
	CascadeEntries int
	// LinksBytes is how many bytes of links, about, the row of a page holds; those of pages with more are in rows of up to as many. Defaults to
	// [tables.LinksBytes].
	LinksBytes int
	// KeepCascades is how long a cascade that has ended is kept, an hour or more. What is asked for late after that is counted as a cascade of its
	// own. Defaults to 30 days.
	KeepCascades time.Duration
}

func (o Options) withDefaults() Options {
	if o.Sites == nil {
		o.Sites = tables.AnyWiki()
	}
	if o.StartOn == "" {
		o.StartOn = StartOnRender
	}
	if o.ChunkWidth == 0 {
		o.ChunkWidth = 14
	}
	if o.InlineEdges == 0 {
		o.InlineEdges = tables.InlineEdges
	}
	if o.BucketEdges == 0 {
		o.BucketEdges = tables.BucketEdges
	}
	if o.WalkChunks == 0 {
		o.WalkChunks = 64
	}
	if o.AbandonAfter == 0 {
		o.AbandonAfter = 7 * 24 * 3600
	}
	if o.WitnessAfter == 0 {
		o.WitnessAfter = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.EndedCascades == 0 {
		o.EndedCascades = tables.ClosedCascades
	}
	if o.OpenCascades == 0 {
		o.OpenCascades = tables.OpenAsks
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.dropped = &dropLog{logger: o.Logger}
	if o.CascadeEntries == 0 {
		o.CascadeEntries = tables.CascadeEntries
	}
	if o.LinksBytes == 0 {
		o.LinksBytes = tables.LinksBytes
	}
	if o.KeepCascades == 0 {
		o.KeepCascades = 30 * 24 * time.Hour
	}
	return o
}

// skew is the clock skew in whole seconds.
func (o Options) skew() int64 { return int64((o.ClockSkew + time.Second - 1) / time.Second) }

// Validate reports every option out of range.
func (o Options) Validate() error {
	o = o.withDefaults()
	var errs []error
	if o.StartOn != StartOnRender && o.StartOn != StartOnChange {
		errs = append(errs, fmt.Errorf("StartOn %q: want %q or %q", o.StartOn, StartOnRender, StartOnChange))
	}
	if o.ChunkWidth < 10 || o.ChunkWidth > 16 {
		errs = append(errs, fmt.Errorf("ChunkWidth %d: want 10 to 16", o.ChunkWidth))
	}
	if o.InlineEdges < 1 {
		errs = append(errs, fmt.Errorf("InlineEdges %d: want 1 or more", o.InlineEdges))
	}
	if o.BucketEdges < 1 {
		errs = append(errs, fmt.Errorf("BucketEdges %d: want 1 or more", o.BucketEdges))
	}
	if o.WalkChunks < 1 {
		errs = append(errs, fmt.Errorf("WalkChunks %d: want 1 or more", o.WalkChunks))
	}
	if o.AbandonAfter < 1 {
		errs = append(errs, fmt.Errorf("AbandonAfter %d: want 1 or more", o.AbandonAfter))
	}
	if o.ClockSkew < 0 {
		errs = append(errs, fmt.Errorf("ClockSkew %s: want 0 or more", o.ClockSkew))
	}
	if o.Coalesce != 0 && o.Coalesce < time.Second {
		errs = append(errs, fmt.Errorf("coalescing after %s: want 0, or 1s or more", o.Coalesce))
	}
	if o.EndedCascades < 1 {
		errs = append(errs, fmt.Errorf("EndedCascades %d: want 1 or more", o.EndedCascades))
	}
	if o.OpenCascades < 1 {
		errs = append(errs, fmt.Errorf("OpenCascades %d: want 1 or more", o.OpenCascades))
	}
	if o.CascadeEntries < 1 || o.CascadeEntries > tables.MaxCascadeEntries {
		errs = append(errs, fmt.Errorf("CascadeEntries %d: want 1 to %d", o.CascadeEntries, tables.MaxCascadeEntries))
	}
	if o.LinksBytes < 1 || o.LinksBytes > tables.MaxLinksBytes {
		errs = append(errs, fmt.Errorf("LinksBytes %d: want 1 to %d", o.LinksBytes, tables.MaxLinksBytes))
	}
	if o.KeepCascades < settled {
		errs = append(errs, fmt.Errorf("KeepCascades %s: want %s or more", o.KeepCascades, settled))
	}
	return errors.Join(errs...)
}
