package processors

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// chunk is one handler's stay at the rows of a chunk.
type chunk struct {
	h       *requests
	r       topology.Scope
	key     tables.PageKey
	whole   *tables.RequestRow // what v1 has of it
	changed bool               // the row above
	waits   *waits             // of it; nil: there is one request for each cascade
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
	c.whole = row
	if h.o.Coalesce > 0 && !h.whole {
		c.waits = readWaits(row.Waits)
	}
	return c, nil
}

// save writes the row of the chunk, if it has changed. Parts are written as they change.
func (c *chunk) save() error {
	if err := c.saveWaits(); err != nil {
		return err
	}
	if !c.changed {
		return nil
	}
	if w := c.whole; len(w.Pages) == 0 && len(w.Cascades) == 0 && len(w.Named) == 0 && w.Waits == nil {
		return c.h.rows.DeleteAt(c.r, c.key)
	}
	return c.h.rows.SetAt(c.r, c.key, c.whole)
}

// writesWhole reports whether rows are written as by a release that knows of no parts, for its workers to read.
func writesWhole() bool {
	placed := &tables.RequestRow{Pages: []tables.PageRender{{At: 1}}}
	return asBefore(tables.RequestRows, placed, func(row *tables.RequestRow) bool { return row.Pages[0].At != 0 })
}

// pageState is what is known of a page; nil fields: nothing.
type pageState struct {
	offset  byte
	page    *tables.PageRender
	named   *tables.NamedPage
	part    tables.RequestPartKey
	renamed bool
	inWhole bool
}

func (p *pageState) rename(dt int64, name tables.Name, prefix string) {
	p.named, p.renamed = &tables.NamedPage{Offset: p.page.Offset, DT: dt, Name: name, Prefix: prefix}, true
}

// known reads what is known of pages.
func (c *chunk) known(offsets []byte) ([]pageState, error) {
	keys := make([]tables.RequestPartKey, len(offsets))
	for i, offset := range offsets {
		keys[i] = tables.PagePart(c.key, offset)
	}
	parts, err := c.h.parts.GetMany(c.r, keys)
	if err != nil {
		return nil, err
	}
	known := make([]pageState, 0, len(offsets))
	for i, offset := range offsets {
		k := c.ofWhole(offset)
		if parts[i].OK {
			k.take(parts[i].Value)
		}
		known = append(known, *k)
	}
	return known, nil
}

// ofWhole is what v1 has of a page.
func (c *chunk) ofWhole(offset byte) *pageState {
	return &pageState{offset: offset, page: c.whole.Page(offset), named: c.whole.Name(offset), part: tables.PagePart(c.key, offset), inWhole: true}
}

func (p *pageState) take(part *tables.RequestPart) {
	if p.page, p.named, p.inWhole = part.Page, nil, false; p.page != nil {
		p.named = p.page.Named
	}
}

// page reads what is known of a page, to change it.
func (c *chunk) page(offset byte) (*pageState, error) {
	p := c.ofWhole(offset)
	part, found, err := c.h.parts.Get(c.r, p.part)
	if err != nil {
		return nil, err
	}
	if found {
		p.take(part)
	}
	switch {
	case p.inWhole && c.h.whole:
		p.page = c.whole.Put(offset)
	case p.inWhole && p.page != nil:
		render := *p.page
		render.Recent = slices.Clone(render.Recent)
		p.page, p.inWhole = &render, false
	case p.page == nil:
		p.page, p.inWhole = &tables.PageRender{Offset: int32(offset)}, false
	}
	return p, nil
}

func (c *chunk) setPage(p *pageState) error {
	if !p.inWhole {
		p.page.Named = p.named
		return c.h.parts.Set(c.r, p.part, &tables.RequestPart{Page: p.page})
	}
	if p.renamed {
		c.whole.Rename(*p.named)
	}
	c.changed = true
	return nil
}

// asked is what a cascade asked for in the chunk.
type asked struct {
	cascade     tables.Cascade // of one that is in a part: its id alone
	moment      int64          // see [tables.AskedPages]
	toSee       tables.ToSee
	again       *tables.AskedAgain
	since       int64
	asked       tables.Bits
	outstanding tables.Bits
	abandoned   int32
	closed      bool
	inWhole     bool
}

func momentOf(c *tables.Cascade) int64 {
	if c.Timeless {
		return 0
	}
	return c.Moment()
}

func (c *chunk) ofCascade(o *tables.ChunkCascade) *asked {
	return &asked{
		cascade: o.Cascade, moment: momentOf(&o.Cascade), toSee: tables.ToSeeOf(&o.Cascade, c.key), since: o.Since, asked: slices.Clone(o.Asked), outstanding: slices.Clone(o.Outstanding),
		abandoned: o.Abandoned, closed: o.Closed, inWhole: true,
	}
}

func ofPart(id tables.CascadeID, p *tables.AskedPages, closed bool) *asked {
	a := &asked{
		cascade: tables.Cascade{ID: id}, moment: p.Moment, toSee: p.ToSee, again: p.Again, since: p.Since(), asked: p.Asked.Bits(), abandoned: p.Abandoned,
		closed: closed,
	}
	if !closed {
		a.outstanding = a.asked.Without(p.Answered.Bits())
	}
	return a
}

// giveUp waits for no answer any more.
func (a *asked) giveUp() {
	a.abandoned += int32(a.outstanding.Len())
	a.outstanding = nil
}

// find returns what a cascade asked for; nil: nothing that is known.
func (c *chunk) find(id tables.CascadeID) (*asked, error) {
	for i := range c.whole.Cascades {
		if o := &c.whole.Cascades[i]; o.Cascade.ID == id {
			return c.ofCascade(o), nil
		}
	}
	for i, key := range [...]tables.RequestPartKey{tables.OpenPart(c.key, id), tables.EndedPart(c.key, id)} {
		part, found, err := c.h.parts.Get(c.r, key)
		if err != nil {
			return nil, err
		}
		if found && part.Asked != nil {
			return ofPart(id, part.Asked, i == 1), nil
		}
	}
	return nil, nil
}

// add begins with a cascade that is not known.
func (c *chunk) add(cascade *tables.Cascade) *asked {
	return &asked{cascade: *cascade, moment: momentOf(cascade), toSee: tables.ToSeeOf(cascade, c.key), since: c.h.o.Now().Unix(), inWhole: c.h.whole}
}

// put stores what a cascade asked for.
func (c *chunk) put(a *asked) error {
	id := a.cascade.ID
	if a.inWhole {
		o := c.whole.Cascade(a.cascade, a.since)
		o.Asked, o.Outstanding, o.Abandoned, c.changed = a.asked, a.outstanding, a.abandoned, true
		return nil
	}
	p := &tables.AskedPages{Moment: a.moment, Delay: a.since - a.moment, Asked: tables.PageSetOf(a.asked), Abandoned: a.abandoned}
	if a.closed {
		p.Moment, p.Delay = 0, a.since
		return c.h.parts.Set(c.r, tables.EndedPart(c.key, id), &tables.RequestPart{Asked: p})
	}
	p.ToSee, p.Again = a.toSee, a.again
	p.Answered = tables.PageSetOf(a.asked.Without(a.outstanding))
	return c.h.parts.Set(c.r, tables.OpenPart(c.key, id), &tables.RequestPart{Asked: p})
}

// open are the cascades that are open and meant; nil: all. A loop may change, end and drop the one that it is at.
func (c *chunk) open(meant func(waits func(byte) bool) bool) iter.Seq2[*asked, error] {
	return func(yield func(*asked, error) bool) {
		for _, o := range slices.Clone(c.whole.Cascades) {
			waits := func(offset byte) bool { return o.Outstanding.Has(int(offset)) }
			if !o.Closed && (meant == nil || meant(waits)) && !yield(c.ofCascade(&o), nil) {
				return
			}
		}
		for p, err := range c.askedParts(tables.OpenRange(c.key)) {
			if err != nil {
				yield(nil, err)
				return
			}
			waits := func(offset byte) bool { return p.Asked.Has(offset) && !p.Answered.Has(offset) }
			if (meant == nil || meant(waits)) && !yield(ofPart(p.id, p.AskedPages, false), nil) {
				return
			}
		}
	}
}

// askedPart is what a part has of a cascade.
type askedPart struct {
	id tables.CascadeID
	*tables.AskedPages
}

// askedParts are the parts of cascades whose keys are in a range. An error is the last.
func (c *chunk) askedParts(from, to tables.RequestPartKey) iter.Seq2[askedPart, error] {
	return func(yield func(askedPart, error) bool) {
		for e, err := range c.h.parts.Range(c.r, from, to) {
			var id tables.CascadeID
			if err == nil {
				id, _, err = tables.CascadeOfPart(e.Key)
			}
			switch {
			case err != nil:
				yield(askedPart{}, err)
				return
			case e.Value.Asked == nil: // nobody who wrote by the rules
			case !yield(askedPart{id, e.Value.Asked}, nil):
				return
			}
		}
	}
}

// end closes a cascade, and forgets the first of those that ended before, beyond the newest ones. Of one that is forgotten nobody knows
// what it asked for: should it ask again, it is as one that never did.
func (c *chunk) end(a *asked) error {
	id, keep := a.cascade.ID, c.h.o.EndedCascades
	if err := c.leave(a); err != nil {
		return err
	}
	if a.inWhole {
		c.whole.Cascade(a.cascade, a.since).Abandoned = a.abandoned
		c.whole.Close(slices.IndexFunc(c.whole.Cascades, func(o tables.ChunkCascade) bool { return o.Cascade.ID == id }), keep)
		c.changed = true
		return nil
	}
	a.closed, a.outstanding, a.since = true, nil, c.h.o.Now().Unix()
	if err := c.put(a); err != nil {
		return err
	}
	if err := c.h.parts.Delete(c.r, tables.OpenPart(c.key, id)); err != nil || !looks(id, keep) {
		return err
	}
	var others []*asked
	for p, err := range c.askedParts(tables.EndedRange(c.key)) {
		if err != nil {
			return err
		}
		if p.id != id {
			others = append(others, ofPart(p.id, p.AskedPages, true))
		}
	}
	for _, o := range oldest(others, len(others)+1-keep) {
		if err := c.h.parts.Delete(c.r, tables.EndedPart(c.key, o.cascade.ID)); err != nil {
			return err
		}
	}
	return nil
}

// bound gives up the cascades that have been waited for longest, beyond the newest ones, when another has come: an answer has to look through all that
// are open. What they asked for is remembered as that of cascades that have ended, but for those that came so long ago that they have walked everywhere: they
// are dropped without a trace but the report.
func (c *chunk) bound(a *asked) error {
	if a.closed || !a.inWhole && !looks(a.cascade.ID, c.h.o.OpenCascades) {
		return nil
	}
	var others []*asked
	for o, err := range c.open(nil) {
		if err != nil {
			return err
		}
		if o.cascade.ID != a.cascade.ID {
			others = append(others, o)
		}
	}
	walking := c.h.o.Now().Add(-settled).Unix()
	for _, o := range oldest(others, len(others)+1-c.h.o.OpenCascades) {
		if o.outstanding.Len() > 0 {
			if err := c.leave(o); err != nil {
				return err
			}
			o.giveUp()
			if err := c.report(o); err != nil {
				return err
			}
		}
		leave := c.drop
		if o.since >= walking {
			leave = c.end
		}
		if err := leave(o); err != nil {
			return err
		}
	}
	return nil
}

// drop forgets a cascade.
func (c *chunk) drop(a *asked) error {
	id := a.cascade.ID
	if !a.inWhole {
		return c.h.parts.Delete(c.r, tables.OpenPart(c.key, id))
	}
	c.whole.Cascades = slices.DeleteFunc(c.whole.Cascades, func(o tables.ChunkCascade) bool { return o.Cascade.ID == id })
	c.changed = true
	return nil
}

// looks reports whether it is looked for too many of a kind when a cascade comes. It is for one of so many, for to look is to read all of them;
// there may be some more than should be meanwhile.
func looks(id tables.CascadeID, most int) bool {
	n, err := strconv.ParseUint(string(id), 16, 64)
	return err != nil || n%uint64(max(1, most/16)) == 0
}

// oldest returns the n that have been there for longest.
func oldest(list []*asked, n int) []*asked {
	slices.SortFunc(list, func(a, b *asked) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.cascade.ID, b.cascade.ID))
	})
	return list[:max(0, min(n, len(list)))]
}

// report sends the counts of a cascade in the chunk.
func (c *chunk) report(a *asked) error {
	p := &tables.Progress{Cascade: a.cascade, Chunks: []tables.ChunkProgress{c.count(a)}}
	return c.h.progress.Emit(c.r, p.Cascade.ID, p)
}

func (c *chunk) count(a *asked) tables.ChunkProgress {
	return tables.ChunkProgress{
		Wiki: c.key.Wiki, Chunk: c.key.ID, Asked: int32(a.asked.Len()),
		Outstanding: int32(a.outstanding.Len()), Abandoned: a.abandoned,
	}
}

// wind sets the timer of a chunk, if it has none and a cascade waits for something.
func (c *chunk) wind(a *asked) error {
	if a.outstanding.Len() == 0 {
		return nil
	}
	if _, wound, err := c.h.late.Get(c.r, c.key); err != nil || wound {
		return err
	}
	return c.h.late.Set(c.r, c.key, time.Unix(a.since+c.h.o.AbandonAfter, 0))
}
