package processors

import (
	"context"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// requests turns what cascades ask for into one request per page and cascade, and sees renderings answer them. Its rows
// are about chunks of 256 pages, keyed by their first page: all pages of a chunk share its partition.
type requests struct {
	o        Options
	whole    bool                                               // what comes new is in the row of its chunk, as v1 has it
	rows     topology.State[tables.PageKey, *tables.RequestRow] // of chunks, from v1
	parts    topology.Store[tables.RequestPartKey, *tables.RequestPart]
	pages    topology.Joined[tables.PageKey, *tables.PageRow]
	requests topology.Sink[tables.PageKey, tables.Request]
	progress topology.Sink[tables.CascadeID, *tables.Progress]
	late     *topology.Timers[tables.PageKey] // of chunks: when the first of its cascades has waited for too long
}

func addRequests(b *topology.Builder, o Options) {
	p := topology.AddProcessor(b, "requests", tables.PageKeys())
	h := &requests{
		o:        o,
		whole:    writesWhole(),
		rows:     topology.Persist(p, tables.RequestRows),
		parts:    topology.AddStore(p, "parts", tables.RequestPartKeys(), tables.RequestPartRows),
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
		asked, err := c.ask(&a.Hop, in.Sets)
		if err != nil {
			return err
		}
		p.Chunks = append(p.Chunks, c.count(asked))
		if err := c.save(); err != nil {
			return err
		}
	}
	return h.progress.Emit(r, p.Cascade.ID, p)
}

func (c *chunk) ask(hop *tables.CascadeHop, sets []tables.AskSet) (*asked, error) {
	a, err := c.find(hop.Cascade.ID)
	if err != nil {
		return nil, err
	}
	fresh := a == nil
	if fresh {
		a = c.add(&hop.Cascade)
	}
	placed := a.place(tables.ToSeeOf(&hop.Cascade, c.key)) // never of a fresh one
	var news []byte
	for i, set := range sets {
		from := len(news)
		for _, offset := range set.Pages {
			if !a.asked.Has(int(offset)) {
				a.asked.Add(int(offset))
				news = append(news, offset)
			}
		}
		if err := c.request(a, news[from:], hop, sets[i].Reason); err != nil {
			return nil, err
		}
	}
	if len(news) == 0 && !fresh && !placed {
		return a, nil
	}
	if err := c.put(a); err != nil {
		return nil, err
	}
	if fresh {
		if err := c.bound(a); err != nil {
			return nil, err
		}
	}
	return a, c.wind(a)
}

// answered reports whether the last rendering of a page, or its death, already answers a request that comes now. A
// rendering of the same second, or one that clocks may have put there, does only if it says so itself: it may have been read before the change. The
// request is sent all the same: which pages are asked for does not depend on what has been heard of them.
func (h *requests) answered(p *tables.PageRender, c *tables.Cascade) bool {
	skew := h.o.skew()
	return p != nil && (p.Dead || p.Cause == c.ID && (c.Timeless || p.Start >= c.Moment()-skew) || p.Start > c.Moment()+skew && !c.Timeless)
}

// request sends the requests for pages, and waits for their answers.
func (c *chunk) request(a *asked, offsets []byte, hop *tables.CascadeHop, reason tables.LinkType) error {
	if len(offsets) == 0 {
		return nil
	}
	pages, err := c.identify(offsets)
	if err != nil {
		return err
	}
	for i := range pages {
		p, offset := &pages[i], offsets[i]
		if joined, err := c.joins(a, p); err != nil {
			return err
		} else if joined {
			continue // it is asked for already
		}
		stale := hop.Cascade.Moment()
		if p.page != nil && hop.Cascade.Timeless {
			stale = max(stale, p.page.Start)
		}
		if err := c.emit(p, hop, reason, stale); err != nil {
			return err
		}
		switch {
		case !c.h.answered(p.page, &hop.Cascade):
			if !a.closed {
				a.outstanding.Add(int(offset))
				c.waits.sent(offset)
			}
		case p.page.Dead: // its death has answered all
		default:
			if err := c.answerBefore(a, offset); err != nil {
				return err
			}
		}
	}
	c.keep(a, hop, reason, offsets)
	return nil
}

// identify reads what is known of pages, and their names: those of their last lives, or, of pages that no life has named here, what the join has.
func (c *chunk) identify(offsets []byte) ([]pageState, error) {
	pages, err := c.known(offsets)
	if err != nil {
		return nil, err
	}
	return pages, c.name(pages)
}

// emit sends one request for a page of the chunk.
func (c *chunk) emit(p *pageState, hop *tables.CascadeHop, reason tables.LinkType, stale int64) error {
	var name tables.Name
	var prefix string
	if p.named != nil {
		name, prefix = p.named.Name, p.named.Prefix
	}
	return c.h.emit(c.r, c.pageKey(p.offset), name, prefix, hop, reason, stale)
}

// pageKey is a page of the chunk.
func (c *chunk) pageKey(offset byte) tables.PageKey {
	return tables.PageKey{Wiki: c.key.Wiki, ID: c.key.ID + int64(offset)}
}

// name names those of some pages, in their order, that have no name, as far as the join knows them.
func (c *chunk) name(pages []pageState) error {
	var keys []tables.PageKey
	var nameless []*pageState
	for i := range pages {
		if p := &pages[i]; p.named == nil {
			keys, nameless = append(keys, c.pageKey(p.offset)), append(nameless, p)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := c.h.pages.GetMany(c.r, keys)
	if err != nil {
		return err
	}
	for i, p := range nameless {
		if row := rows[i].Value; rows[i].OK {
			p.named = &tables.NamedPage{Offset: int32(p.offset), DT: row.DT, Name: row.Name, Prefix: row.Prefix}
		}
	}
	return nil
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
	p, err := c.page(byte(r.Key.ID))
	if err != nil {
		return err
	}
	page, at, future := p.page, tables.PlaceOf(r.Offset(), r.Index()), toCome(start, h.o.Now())
	got := &answer{start: start, future: future, cause: cause, saw: h.sights(&r.Value, p), strict: c.isBehind(byte(r.Key.ID))}
	if self := page.Self; self != nil && got.showsSelf(&h.o, self) {
		page.Self = nil
	}
	switch met := page.Start == 0; {
	case !page.Recent.Has(r.Value.Meta.ID):
		if met {
			c.meet(&r.Value, p, start)
		}
		page.Recent.Add(r.Value.Meta.ID, tables.AnswerEvents)
		page.Seen, page.At, page.Rev = nil, max(page.At, at), max(page.Rev, r.Value.Revision.ID)
		switch {
		case future: // a clock that is wrong: when it began nobody knows
		case start > page.Start:
			page.Start, page.Cause = start, cause
		case start == page.Start && cause != "":
			page.Cause = cause
		}
		if err := c.setPage(p); err != nil {
			return err
		}
	case at > page.At:
		return nil // a repeat
	default:
		// It is processed again after a crash, and had got into the row of the page, but maybe not into those of cascades.
	}
	done, err := c.answer(byte(r.Key.ID), got)
	if err != nil {
		return err
	}
	if err := c.askAgain(byte(r.Key.ID), page, done); err != nil {
		return err
	}
	return c.save()
}

// meet takes a page's name from its first rendering, which may come before its life. Names are advisory: one that is none
// is not taken.
func (c *chunk) meet(ev *events.Render, p *pageState, start int64) {
	if p.named != nil {
		return // a life has named it
	}
	site, err := c.h.o.Sites.Site(ev.Wiki)
	if err != nil {
		return
	}
	if title, err := site.FromPageTitle(ev.Page.Namespace, ev.Page.Title); err == nil {
		p.rename(start, tables.NameOf(title), unknownPrefix(site, ev.Page.Namespace, ev.Page.Title))
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
	l := r.Value
	p, err := c.page(byte(r.Key.ID))
	if err != nil {
		return err
	}
	if p.page.Dead = !l.Live; p.page.Dead {
		p.page.Self = nil
	}
	p.rename(l.DT, l.Name, l.Prefix)
	hop, stale := &tables.CascadeHop{Cascade: l.Cascade(r.Key.Wiki)}, l.DT
	if p.page.Rev != 0 && p.page.Rev < l.Rev {
		stale = max(stale, p.page.Start) // whatever its time, it shows an older revision
	}
	asks := l.Asks && !c.joinsSelf(p.page, &hop.Cascade)
	if err := c.setPage(p); err != nil {
		return err
	}
	if asks {
		if err := h.emit(r, r.Key, l.Name, l.Prefix, hop, tables.LinkSelf, stale); err != nil {
			return err
		}
	}
	if p.page.Dead {
		if _, err := c.answer(byte(r.Key.ID), &answer{dead: true}); err != nil {
			return err
		}
		c.waits.remove(byte(r.Key.ID))
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
	a, err := c.find(r.Value.Cascade)
	if err != nil || a == nil || a.closed {
		return err
	}
	if err := c.end(a); err != nil {
		return err
	}
	return c.save()
}

// abandon gives up the cascades of a chunk that have waited too long.
func (h *requests) abandon(_ context.Context, t *topology.Timer[tables.PageKey]) error {
	c, err := h.chunk(t, t.Key)
	if err != nil {
		return err
	}
	next := int64(0)
	for a, err := range c.open(nil) {
		switch {
		case err != nil:
			return err
		case a.outstanding.Len() == 0:
			continue
		case a.since+h.o.AbandonAfter > t.At.Unix():
			if next == 0 || a.since < next {
				next = a.since
			}
			continue
		}
		if err := c.leave(a); err != nil {
			return err
		}
		a.giveUp()
		if err := c.put(a); err != nil {
			return err
		}
		if err := c.report(a); err != nil {
			return err
		}
	}
	if next != 0 {
		if err := h.late.Set(t, c.key, time.Unix(next+h.o.AbandonAfter, 0)); err != nil {
			return err
		}
	}
	if err := c.tick(t.At); err != nil {
		return err
	}
	return c.save()
}
