package processors

import (
	"context"
	"slices"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// requests turns what cascades ask for into one request per page and cascade, and sees renderings answer them. Its rows
// are chunks of 256 pages, keyed by their first page: all pages of a chunk share its partition.
type requests struct {
	o        Options
	rows     topology.State[tables.PageKey, *tables.RequestRow]
	pages    topology.Joined[tables.PageKey, *tables.PageRow]
	requests topology.Sink[tables.PageKey, tables.Request]
	progress topology.Sink[tables.CascadeID, *tables.Progress]
	late     *topology.Timers[tables.PageKey] // of chunks: when the first of its cascades has waited for too long
}

func addRequests(b *topology.Builder, o Options) {
	p := topology.AddProcessor(b, "requests", tables.PageKeys())
	h := &requests{
		o:        o,
		rows:     topology.Persist(p, tables.RequestRows),
		pages:    topology.Join(p, tables.Pages),
		requests: topology.Output(p, tables.RerenderRequests),
		progress: topology.Output(p, tables.CascadeProgress, topology.Last()),
		late:     topology.AddTimers(p, "late", tables.PageKeys(), topology.WallClock),
	}
	h.late.Handle(h.abandon)
	topology.Input(p, tables.Asks).Handle(h.ask)
	topology.Input(p, tables.Renders).Handle(h.render)
	topology.Input(p, tables.Lives).Handle(h.life)
	topology.Input(p, tables.RequestClosings).Handle(h.close)
}

// chunk is one handler's stay at the row of a chunk.
type chunk struct {
	h   *requests
	r   topology.Scope
	key tables.PageKey
	row *tables.RequestRow
}

func (h *requests) chunk(r topology.Scope, page tables.PageKey) (*chunk, error) {
	c := &chunk{h: h, r: r, key: page.Chunk()}
	row, found, err := h.rows.GetAt(r, c.key)
	if err != nil {
		return nil, err
	}
	if !found {
		row = &tables.RequestRow{}
	}
	c.row = row
	return c, nil
}

func (c *chunk) save() error { return c.h.rows.SetAt(c.r, c.key, c.row) }

// ask requests the pages that the cascade has not asked for yet.
func (h *requests) ask(_ context.Context, r *topology.Record[tables.PageKey, *tables.Ask]) error {
	if r.Deleted {
		return nil
	}
	a := r.Value
	p := &tables.Progress{Cascade: a.Hop.Cascade, Message: a.Parent, Chunks: make([]tables.ChunkProgress, 0, len(a.Chunks))}
	p.Asked.Add(int(a.Slot))
	for _, in := range a.Chunks {
		c, err := h.chunk(r, tables.PageKey{Wiki: in.Wiki, ID: in.Chunk})
		if err != nil {
			return err
		}
		cascade := c.row.Cascade(a.Hop.Cascade, h.o.Now().Unix())
		if err := c.ask(cascade, &a.Hop, in.Sets); err != nil {
			return err
		}
		p.Chunks = append(p.Chunks, c.progress(cascade))
		if err := c.wind(); err != nil {
			return err
		}
		if err := c.save(); err != nil {
			return err
		}
	}
	return h.progress.Emit(r, p.Cascade.ID, p)
}

func (c *chunk) ask(cascade *tables.ChunkCascade, hop *tables.CascadeHop, sets []tables.AskSet) error {
	for _, set := range sets {
		for _, offset := range set.Pages {
			if cascade.Asked.Has(int(offset)) {
				continue
			}
			cascade.Asked.Add(int(offset))
			if err := c.request(offset, hop, set.Reason); err != nil {
				return err
			}
			if !cascade.Closed && !answered(c.row.Page(offset), &hop.Cascade) {
				cascade.Outstanding.Add(int(offset))
			}
		}
	}
	return nil
}

// answered reports whether the last rendering of a page, or its death, already answers a request that comes now. A
// rendering of the same second does only if it says so itself: it may have been read before the change. The request is
// sent all the same: which pages are asked for does not depend on what has been heard of them.
func answered(p *tables.PageRender, c *tables.Cascade) bool {
	return p != nil && (p.Dead || p.Cause == c.ID && (c.Timeless || p.Start >= c.Moment()) || p.Start > c.Moment() && !c.Timeless)
}

// request sends the request for one page. The join only names it, and a change that it may not have seen yet.
func (c *chunk) request(offset byte, hop *tables.CascadeHop, reason tables.LinkType) error {
	key := tables.PageKey{Wiki: c.key.Wiki, ID: c.key.ID + int64(offset)}
	var name tables.Name
	var prefix string
	row, found, err := c.h.pages.GetAt(c.r, key)
	if err != nil {
		return err
	}
	if found {
		name, prefix = row.Name, row.Prefix
	}
	for _, n := range c.row.Named {
		if n.Offset == int32(offset) && (!found || n.DT >= row.DT) {
			name, prefix = n.Name, n.Prefix
		}
	}
	stale := hop.Cascade.Moment()
	if p := c.row.Page(offset); p != nil && hop.Cascade.Timeless {
		stale = max(stale, p.Start)
	}
	return c.h.emit(c.r, key, name, prefix, hop, reason, stale)
}

// emit sends one request. A page whose name is not known yet has an empty title.
func (h *requests) emit(
	r topology.Scope, key tables.PageKey, name tables.Name, prefix string, hop *tables.CascadeHop, reason tables.LinkType, stale int64,
) error {
	c := &hop.Cascade
	title, err := prefixed(h.o.Sites, name.In(key.Wiki), prefix)
	if err != nil {
		return err
	}
	root, err := prefixed(h.o.Sites, c.RootTitle(), c.Prefix)
	if err != nil {
		return err
	}
	return h.requests.Emit(r, key, tables.Request{
		WikiID: key.Wiki, PageID: key.ID, PageTitle: title, Namespace: name.Namespace,
		Reason: reason, Depth: hop.Depth, Stale: stale,
		Cascade: tables.RequestCascade{
			ID: c.ID, Kind: c.Kind, DT: c.DT, Rev: c.Rev, Root: tables.RequestRoot{PageTitle: root, Namespace: c.Root.Namespace},
		},
	})
}

// prefixed spells a title as the wiki does: with its own prefix where one is given, else by the site info. A page
// without a title has an empty one.
func prefixed(sites *tables.Sites, t tables.Title, prefix string) (string, error) {
	switch {
	case t.DBKey == "":
		return "", nil
	case prefix != "":
		return prefix + ":" + t.DBKey, nil
	}
	site, err := sites.Site(t.Wiki)
	if err != nil {
		return "", err
	}
	return site.Prefixed(t), nil
}

// render takes a rendering as the answer to what was asked of the page.
func (h *requests) render(_ context.Context, r *topology.Record[tables.PageKey, events.Render]) error {
	if r.Deleted || r.Value.Meta.Canary() {
		return nil
	}
	c, err := h.chunk(r, r.Key)
	if err != nil {
		return err
	}
	start, cause := r.Value.Start.Unix(), tables.CascadeID("")
	if r.Value.Cause != nil {
		cause = tables.CascadeID(r.Value.Cause.CascadeID)
	}
	page := c.row.Put(byte(r.Key.ID))
	if page.Start == 0 {
		c.meet(&r.Value, page.Offset, start)
	}
	if page.Recent.Has(r.Value.Meta.ID) {
		return nil
	}
	page.Recent.Add(r.Value.Meta.ID, tables.AnswerEvents)
	page.Seen = nil
	switch {
	case start > page.Start:
		page.Start, page.Cause, page.Rev = start, cause, r.Value.Revision.ID
	case start == page.Start && cause != "":
		page.Cause = cause
	}
	// It comes after what was asked, and so it answers unless it began before what it is to show.
	err = c.answer(byte(r.Key.ID), func(to *tables.Cascade) bool { return to.Timeless || start >= to.Moment() || cause == to.ID })
	if err != nil {
		return err
	}
	return c.save()
}

// meet takes a page's name from its first rendering, which may come before its life. Names are advisory: one that is none
// is not taken.
func (c *chunk) meet(ev *events.Render, offset int32, start int64) {
	if slices.ContainsFunc(c.row.Named, func(n tables.NamedPage) bool { return n.Offset == offset }) {
		return // a life has named it
	}
	site, err := c.h.o.Sites.Site(ev.Wiki)
	if err != nil {
		return
	}
	if title, err := site.FromPageTitle(ev.Page.Namespace, ev.Page.Title); err == nil {
		c.row.Rename(tables.NamedPage{
			Offset: offset, DT: start, Name: tables.NameOf(title), Prefix: unknownPrefix(site, ev.Page.Namespace, ev.Page.Title),
		})
	}
}

// life asks for a rendering of the changed page itself, so that there will be a witness of the change; the death of a
// page answers for it.
func (h *requests) life(_ context.Context, r *topology.Record[tables.PageKey, *tables.Life]) error {
	if r.Deleted || r.Value.Heard {
		return nil
	}
	c, err := h.chunk(r, r.Key)
	if err != nil {
		return err
	}
	l, offset := r.Value, byte(r.Key.ID)
	page := c.row.Put(offset)
	page.Dead = !l.Live
	c.row.Rename(tables.NamedPage{Offset: int32(offset), DT: l.DT, Name: l.Name, Prefix: l.Prefix})
	if l.Asks {
		hop, stale := &tables.CascadeHop{Cascade: l.Cascade(r.Key.Wiki)}, l.DT
		if page.Rev != 0 && page.Rev < l.Rev {
			stale = max(stale, page.Start) // whatever its time, it shows an older revision
		}
		if err := h.emit(r, r.Key, l.Name, l.Prefix, hop, tables.LinkSelf, stale); err != nil {
			return err
		}
	}
	if page.Dead {
		if err := c.answer(offset, func(*tables.Cascade) bool { return true }); err != nil {
			return err
		}
	}
	return c.save()
}

// answer takes the page off what cascades wait for, where the answer is one to them.
func (c *chunk) answer(offset byte, to func(*tables.Cascade) bool) error {
	for i := range c.row.Cascades {
		cascade := &c.row.Cascades[i]
		if !cascade.Outstanding.Has(int(offset)) || !to(&cascade.Cascade) {
			continue
		}
		cascade.Outstanding.Remove(int(offset))
		if left := cascade.Outstanding.Len(); left%reportEvery != 0 {
			continue
		}
		if err := c.report(cascade); err != nil {
			return err
		}
	}
	return nil
}

// reportEvery is how many answers of a chunk are reported together, but for the last ones.
const reportEvery = 32

// report sends the counts of a cascade in the chunk.
func (c *chunk) report(cascade *tables.ChunkCascade) error {
	p := &tables.Progress{Cascade: cascade.Cascade, Chunks: []tables.ChunkProgress{c.progress(cascade)}}
	return c.h.progress.Emit(c.r, p.Cascade.ID, p)
}

func (c *chunk) progress(cascade *tables.ChunkCascade) tables.ChunkProgress {
	return tables.ChunkProgress{
		Wiki: c.key.Wiki, Chunk: c.key.ID, Asked: int32(cascade.Asked.Len()),
		Outstanding: int32(cascade.Outstanding.Len()), Abandoned: cascade.Abandoned,
	}
}

// wind sets the timer of a chunk, if it has none and waits for something.
func (c *chunk) wind() error {
	at := int64(0)
	for i := range c.row.Cascades {
		if o := &c.row.Cascades[i]; o.Outstanding.Len() > 0 && (at == 0 || o.Since < at) {
			at = o.Since
		}
	}
	if at == 0 {
		return nil
	}
	if _, wound, err := c.h.late.Get(c.r, c.key); err != nil || wound {
		return err
	}
	return c.h.late.Set(c.r, c.key, time.Unix(at+c.h.o.AbandonAfter, 0))
}

// abandon gives up the cascades of a chunk that have waited too long.
func (h *requests) abandon(_ context.Context, t *topology.Timer[tables.PageKey]) error {
	c, err := h.chunk(t, t.Key)
	if err != nil {
		return err
	}
	for i := range c.row.Cascades {
		cascade := &c.row.Cascades[i]
		n := cascade.Outstanding.Len()
		if n == 0 || cascade.Since+h.o.AbandonAfter > t.At.Unix() {
			continue
		}
		cascade.Abandoned += int32(n)
		cascade.Outstanding = nil
		if err := c.report(cascade); err != nil {
			return err
		}
	}
	if err := c.wind(); err != nil {
		return err
	}
	return c.save()
}

// close forgets what an ended cascade waits for. Which pages it asked for is kept for a while, against stragglers.
func (h *requests) close(_ context.Context, r *topology.Record[tables.PageKey, *tables.RequestClosing]) error {
	if r.Deleted {
		return nil
	}
	c, err := h.chunk(r, r.Key)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(c.row.Cascades, func(o tables.ChunkCascade) bool { return o.Cascade.ID == r.Value.Cascade })
	if i < 0 || c.row.Cascades[i].Closed {
		return nil
	}
	c.row.Close(i, h.o.EndedCascades)
	return c.save()
}
