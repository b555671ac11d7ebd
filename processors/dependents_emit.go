package processors

import (
	"maps"
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// emitter sends what one message of a cascade makes necessary, and reports it.
type emitter struct {
	h      *dependents
	r      topology.Scope
	hop    tables.CascadeHop
	reach  tables.Reach
	parent int64 // the message at work
	except []int64

	late       bool // parent is no walk
	superseded bool
	walks      []int64               // sent
	asks       map[int32]*tables.Ask // to be sent, by partition
}

func (v *view) emitter(w *tables.Walk) *emitter {
	return &emitter{h: v.h, r: v.r, hop: w.Hop, reach: w.Came(), parent: w.ID, except: w.Except}
}

// report sends what was collected, and tells cascades of all that was sent.
func (out *emitter) report() error {
	p := &tables.Progress{
		Cascade: out.hop.Cascade, Message: out.parent, Walked: !out.late, Walks: out.walks, Superseded: out.superseded,
	}
	for _, slot := range slices.Sorted(maps.Keys(out.asks)) {
		a := out.asks[slot]
		key := tables.PageKey{Wiki: a.Chunks[0].Wiki, ID: a.Chunks[0].Chunk}
		if err := out.h.asks.Emit(out.r, key, a); err != nil {
			return err
		}
		p.Asks.Add(int(slot))
	}
	return out.h.progress.Emit(out.r, p.Cascade.ID, p)
}

// id names a walk to a row and counts it as sent.
func (out *emitter) id(receiver string, at int64) int64 {
	id := messageID(out.hop.Cascade.ID, out.parent, receiver, at)
	out.walks = append(out.walks, id)
	return id
}

// askUsers asks for the pages with links of the types to a target, and goes on through the hubs.
func (out *emitter) askUsers(at tables.Target, e *tables.Edges, wiki string, types tables.LinkTypes) error {
	var except tables.IDSet
	if wiki == out.hop.Cascade.Wiki {
		for _, id := range out.except {
			except, _ = except.With(id)
		}
	}
	step := e.Walk(at, types, out.reach, except)
	for {
		next, some := int64(0), false
		for _, set := range step.Pages {
			if len(set) > 0 && (!some || set[0] < next) {
				next, some = set[0], true
			}
		}
		if !some {
			break
		}
		if err := out.askBlock(wiki, next>>8, &step.Pages); err != nil {
			return err
		}
	}
	for _, on := range step.Frontier {
		if err := out.walkHub(wiki, on); err != nil {
			return err
		}
	}
	return nil
}

// askBlock collects the pages of one chunk of 256 for their partition, and takes them off the sets.
func (out *emitter) askBlock(wiki string, chunk int64, sets *[tables.NumLinkTypes]tables.IDSet) error {
	c := tables.AskChunk{Wiki: wiki, Chunk: chunk << 8}
	for t := range sets {
		set := &sets[t]
		n := 0
		for n < len(*set) && (*set)[n]>>8 == chunk {
			n++
		}
		if n == 0 {
			continue
		}
		pages := make([]byte, n)
		for i, id := range (*set)[:n] {
			pages[i] = byte(id)
		}
		c.Sets = append(c.Sets, tables.AskSet{Reason: tables.LinkType(t), Pages: pages})
		*set = (*set)[n:]
	}
	slot, err := out.h.asks.Partition(out.r, tables.PageKey{Wiki: wiki, ID: c.Chunk})
	if err != nil {
		return err
	}
	a := out.asks[slot]
	if a == nil {
		if out.asks == nil {
			out.asks = map[int32]*tables.Ask{}
		}
		a = &tables.Ask{Hop: out.hop, Parent: out.parent, Slot: slot}
		out.asks[slot] = a
	}
	a.Chunks = append(a.Chunks, c)
	return nil
}

// askPage asks for a single page.
func (out *emitter) askPage(wiki string, id int64, t tables.LinkType) error {
	var sets [tables.NumLinkTypes]tables.IDSet
	sets[t] = tables.IDSet{id}
	return out.askBlock(wiki, id>>8, &sets)
}

// walkHub goes on to the dependents of a page that includes the target, one hop further; or that redirects to it, in the
// same hop.
func (out *emitter) walkHub(wiki string, on tables.Onward) error {
	hop := out.hop
	if on.Deeper() {
		hop.Depth++
	}
	to := tables.TitleTarget(on.Name.In(wiki))
	w := &tables.Walk{
		Hop: hop, Types: on.Types, ID: out.id(to.String(), int64(on.Reach)<<48|int64(on.Hub.Type)<<32|int64(hop.Depth)),
		Reach: on.Reach, Redirected: on.Reach >= tables.ReachRedirect,
	}
	return out.h.loop.Send(out.r, to, &tables.DependentsStep{Walk: w})
}

// walkChunk sends the walk to a chunk.
func (out *emitter) walkChunk(to tables.Target, types tables.LinkTypes) error {
	w := &tables.Walk{Hop: out.hop, Types: types, ID: out.id(to.String(), 0), Except: out.except, Reach: out.reach}
	return out.h.loop.Send(out.r, to, &tables.DependentsStep{Chunk: &tables.ChunkStep{Walk: w}})
}

// walkOn sends the rest of a walk back to its row.
func (out *emitter) walkOn(row tables.Target, w *tables.Walk, types tables.LinkTypes, cursor int32) error {
	next := &tables.Walk{
		Hop: w.Hop, Types: types, Cursor: cursor, ID: out.id(row.String(), int64(cursor)), Except: w.Except,
		Reach: w.Reach, Redirected: w.Redirected,
	}
	return out.h.loop.Send(out.r, row, &tables.DependentsStep{Walk: next})
}
