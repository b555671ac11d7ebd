package processors

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/eddystream/eddy/tables"
)

// waits is a [tables.Waits] to be changed. Its methods may be called where there is none: then nothing has an unanswered request.
//
// What makes it enough that a page has one request: whatever asks behind it is either shown by the rendering that comes, for sure, or the page is asked
// for once more, behind all of them. A rendering that comes when nothing has been asked behind the request is one to a request that was sent after all
// changes, and as without this the renderer acts on it.
type waits struct {
	unanswered, behind, owed, tried tables.Bits
	ages                            []tables.Bits // how many ticks each has met: the bits of the numbers, the lowest first
	tick                            int64
	changed                         bool
}

func readWaits(w *tables.Waits) *waits {
	if w == nil {
		return &waits{}
	}
	in := &waits{unanswered: w.Unanswered.Bits(), behind: w.Behind.Bits(), owed: w.Owed.Bits(), tried: w.Tried.Bits(), tick: w.Tick}
	for _, set := range w.Ages {
		in.ages = append(in.ages, set.Bits())
	}
	return in
}

func (w *waits) has(offset byte) bool { return w != nil && w.unanswered.Has(int(offset)) }

// sent takes note of a request.
func (w *waits) sent(offset byte) {
	if w == nil {
		return
	}
	w.remove(offset)
	w.unanswered.Add(int(offset))
	w.changed = true
}

// join takes note of somebody who asks behind a request. A request that has been sent again, and so waits for long, is sent again at the next tick.
func (w *waits) join(offset byte) {
	w.behind.Add(int(offset))
	w.tried.Remove(int(offset))
	w.setAge(offset, min(w.age(offset), 1))
	w.changed = true
}

// age is how many ticks the request of a page has met.
func (w *waits) age(offset byte) (n uint64) {
	for i, bit := range w.ages {
		if bit.Has(int(offset)) {
			n |= 1 << i
		}
	}
	return n
}

func (w *waits) setAge(offset byte, n uint64) {
	for len(w.ages) < bits.Len64(n) {
		w.ages = append(w.ages, nil)
	}
	for i := range w.ages {
		if w.ages[i].Remove(int(offset)); n>>i&1 == 1 {
			w.ages[i].Add(int(offset))
		}
	}
}

// remove takes note that a page has no unanswered request.
func (w *waits) remove(offset byte) {
	if !w.has(offset) {
		return
	}
	for _, set := range []tables.Bits{w.unanswered, w.behind, w.owed, w.tried} {
		set.Remove(int(offset))
	}
	w.setAge(offset, 0)
	w.changed = true
}

// saveWaits puts the waits into the row of the chunk, and has a timer look for those that wait for too long.
func (c *chunk) saveWaits() error {
	w := c.waits
	if w == nil || !w.changed {
		return nil
	}
	w.changed, c.changed = false, true
	if w.unanswered.Len() == 0 {
		w.tick, c.whole.Waits = 0, nil
		return nil
	}
	if w.tick == 0 {
		w.tick = c.h.o.Now().Add(c.h.o.Coalesce).Unix()
	}
	c.whole.Waits = &tables.Waits{
		Unanswered: tables.PageSetOf(w.unanswered), Behind: tables.PageSetOf(w.behind), Owed: tables.PageSetOf(w.owed), Tried: tables.PageSetOf(w.tried), Tick: w.tick,
	}
	for last := len(w.ages); last > 0; last-- {
		if w.ages[last-1].Len() == 0 {
			continue
		}
		for _, bit := range w.ages[:last] {
			c.whole.Waits.Ages = append(c.whole.Waits.Ages, tables.PageSetOf(bit))
		}
		break
	}
	return c.windBy(time.Unix(w.tick, 0))
}

// windBy has the timer of the chunk fire at a time, or earlier.
func (c *chunk) windBy(at time.Time) error {
	if set, wound, err := c.h.late.Get(c.r, c.key); err != nil || wound && !set.After(at) {
		return err
	}
	return c.h.late.Set(c.r, c.key, at)
}

// joins reports whether what a cascade asks for has an unanswered request, and lets the cascade wait with it. One that has ended waits for nothing, and of one that is
// in a row of v1 it is not known what to ask. None waits with a request of the page for itself alone: whoever renders pages as they are saved takes that for done.
func (c *chunk) joins(a *asked, p *pageState) (bool, error) {
	offset := p.offset
	if !c.waits.has(offset) || a.closed || a.inWhole || p.page != nil && p.page.Dead {
		return false, nil
	}
	if p.page != nil && p.page.Self != nil {
		if others, err := c.waiting(offset); err != nil || len(others) == 0 {
			return false, err
		}
	}
	a.outstanding.Add(int(offset))
	c.waits.join(offset)
	return true, nil
}

// joinsSelf is joins for a page's own change, which waits with any request. Where there is no such request, it is to be sent, and is one, unless the page has been rendered since.
func (c *chunk) joinsSelf(page *tables.PageRender, change *tables.Cascade) bool {
	offset := byte(page.Offset)
	switch {
	case c.waits == nil:
		return false
	case c.waits.has(offset):
		page.Self = change
		c.waits.join(offset)
		return true
	case page.Rev >= change.Rev && (change.Kind.Revises() || page.Start > momentOf(change)+c.h.o.skew()):
		return false
	}
	page.Self = change
	c.waits.sent(offset)
	return false
}

// showsSelf reports whether the answer shows its page's own change.
func (n *answer) showsSelf(o *Options, change *tables.Cascade) bool {
	if n.saw.ev.Revision.ID < change.Rev {
		return false
	}
	return change.Kind.Revises() || n.cause == change.ID || n.since(o, momentOf(change))
}

// isBehind reports whether somebody has asked for a page behind its request.
func (c *chunk) isBehind(offset byte) bool {
	return c.waits.has(offset) && c.waits.behind.Has(int(offset))
}

// keep remembers what requests say, to send them again.
func (c *chunk) keep(a *asked, hop *tables.CascadeHop, reason tables.LinkType, offsets []byte) {
	if c.waits == nil || a.closed || a.inWhole {
		return
	}
	var pages []byte
	for _, offset := range offsets {
		if a.outstanding.Has(int(offset)) {
			pages = append(pages, offset)
		}
	}
	if len(pages) == 0 {
		return
	}
	again := &tables.AskedAgain{Hop: *hop}
	if a.again != nil {
		again.Sets = slices.Clone(a.again.Sets)
	}
	again.Add(reason, pages)
	a.again = again
}

// askAgain asks once more for a page that was rendered, for the latest change that the rendering does not show, if nobody has since one came; or if the first
// answer to a request does not show what it is for. More renderings of that kind are looked at when it is time.
func (c *chunk) askAgain(offset byte, page *tables.PageRender, done outcome) error {
	if !c.waits.has(offset) {
		return nil
	}
	owed := c.waits.owed.Has(int(offset))
	switch {
	case len(done.stale) == 0 && page.Self == nil && !owed:
		c.waits.remove(offset)
		return nil
	case !owed && !c.waits.behind.Has(int(offset)) && c.waits.tried.Has(int(offset)) && len(done.settled) == 0:
		return nil
	}
	from := done.stale
	if len(from) == 0 && page.Self == nil {
		from = done.settled
	}
	asked, err := c.sendAgain(map[byte][]*asked{offset: from})
	if err != nil || !asked {
		return err
	}
	c.waits.tried.Add(int(offset))
	return nil
}

// sendAgain sends a request for each page, of the latest of cascades that it has, or of the page's own change. Where there is nothing to ask for, the page has no
// request any more. It reports whether it has sent one.
func (c *chunk) sendAgain(of map[byte][]*asked) (some bool, err error) {
	offsets := make([]byte, 0, len(of))
	for offset := range of {
		offsets = append(offsets, offset)
	}
	slices.Sort(offsets)
	pages, err := c.identify(offsets)
	if err != nil {
		return false, err
	}
	for i, offset := range offsets {
		p := &pages[i]
		hop, reason := latest(of[offset], offset)
		if hop == nil && p.page != nil && p.page.Self != nil {
			hop, reason = &tables.CascadeHop{Cascade: *p.page.Self}, tables.LinkSelf
		}
		if hop == nil {
			c.waits.remove(offset)
			continue
		}
		stale := hop.Cascade.Moment()
		if p.page != nil {
			stale = max(stale, p.page.Start) // that rendering was no answer
		}
		if err := c.emit(p, hop, reason, stale); err != nil {
			return false, err
		}
		c.waits.sent(offset)
		some = true
	}
	return some, nil
}

// latest is what the last of cascades has asked of a page; nil: it is not known of any.
func latest(list []*asked, offset byte) (*tables.CascadeHop, tables.LinkType) {
	list = slices.DeleteFunc(slices.Clone(list), func(a *asked) bool { return a.again == nil })
	if len(list) == 0 {
		return nil, 0
	}
	last := slices.MaxFunc(list, func(a, b *asked) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.moment, b.moment), cmp.Compare(a.cascade.ID, b.cascade.ID))
	})
	return &last.again.Hop, last.again.Reason(offset)
}

// leave is called before a cascade waits no more. What it has asked for behind a request will be asked for again by whoever still waits for the page, and is
// at once where nobody does.
func (c *chunk) leave(a *asked) error {
	if c.waits == nil {
		return nil
	}
	var behind tables.Bits
	for i := range len(a.outstanding) * 8 {
		if a.outstanding.Has(i) && (c.waits.behind.Has(i) || c.waits.owed.Has(i)) {
			behind.Add(i)
		}
	}
	if behind.Len() == 0 {
		return nil
	}
	for o, err := range c.open(nil) {
		if err != nil {
			return err
		}
		for i := range len(behind) * 8 {
			if o.cascade.ID != a.cascade.ID && o.again != nil && behind.Has(i) && o.outstanding.Has(i) {
				behind.Remove(i)
				c.waits.owed.Add(i)
				c.waits.changed = true
			}
		}
	}
	again := map[byte][]*asked{}
	for i := range len(behind) * 8 {
		if behind.Has(i) {
			again[byte(i)] = []*asked{a}
		}
	}
	if len(again) == 0 {
		return nil
	}
	_, err := c.sendAgain(again)
	return err
}

// tick asks again for pages that have not been rendered since they were asked for: when they meet their second tick, the fourth, the eighth, and so on, until
// they have waited for as long as a cascade may. Then nobody asks for them any more who has not come since: it may be that they were deleted, and nobody heard of it.
func (c *chunk) tick(at time.Time) error {
	w := c.waits
	switch {
	case w == nil || w.tick == 0:
		return nil
	case w.tick > at.Unix():
		return c.windBy(time.Unix(w.tick, 0))
	}
	due := map[byte][]*asked{}
	ages := map[byte]uint64{}
	every := int64(c.h.o.Coalesce / time.Second)
	last, ticks := uint64(c.h.o.AbandonAfter/every)+2, uint64(max(0, c.h.o.Now().Unix()-w.tick)/every)+1
	for i := range len(w.unanswered) * 8 {
		if !w.unanswered.Has(i) {
			continue
		}
		offset := byte(i)
		before := w.age(offset)
		age := before + ticks
		if ticks > 1 { // nobody has looked for a while, nor asked
			age = min(age, max(before+1, last-1))
		}
		switch w.setAge(offset, age); {
		case age >= last:
			if err := c.forget(offset); err != nil {
				return err
			}
		case age > 1 && bits.Len64(age) > bits.Len64(before):
			due[offset], ages[offset] = nil, age
		}
	}
	if len(due) > 0 {
		for a, err := range c.open(nil) {
			if err != nil {
				return err
			}
			for offset, list := range due {
				if a.outstanding.Has(int(offset)) {
					due[offset] = append(list, a)
				}
			}
		}
		if _, err := c.sendAgain(due); err != nil {
			return err
		}
		for offset, age := range ages {
			if w.has(offset) {
				w.setAge(offset, age)
			}
		}
	}
	w.tick, w.changed = 0, true
	return nil
}

// forget waits for a page no more on its own account: what cascades wait for, they do until they are given up.
func (c *chunk) forget(offset byte) error {
	c.waits.remove(offset)
	p, err := c.page(offset)
	if err != nil || p.page.Self == nil {
		return err
	}
	p.page.Self = nil
	return c.setPage(p)
}
