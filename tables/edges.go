package tables

import (
	"cmp"
	"slices"
)

// Edges is a set of typed links, and the titles of those pages through which changes go on.
type Edges struct {
	Sets [NumLinkTypes]IDSet // by type
	Hubs []Hub               // sorted by (page, type)

	direct [len(directTypes)]directUsers // of those of Sets
}

// directTypes are the links of which it counts whether a rendering lists only what its own text names.
var directTypes = [...]LinkType{LinkTemplate, LinkImage}

// directUsers are the users of a target whose renderings list only what their own text names. As a rule all do, or none, and
// then they take no room.
type directUsers struct {
	all bool // of a set that is not empty
	ids IDSet
}

// DirectUsers returns the pages with links of a type whose renderings list only what their own text names; none of a type of which
// that says nothing. The caller does not change them.
func (e *Edges) DirectUsers(t LinkType) IDSet {
	switch {
	case int(t) >= len(directTypes):
		return nil
	case e.direct[t].all:
		return e.Sets[t]
	}
	return e.direct[t].ids
}

// NobodyDirect says that no user lists only what its own text names, whatever a row of a release before leaves open.
func (e *Edges) NobodyDirect() { e.direct = [len(directTypes)]directUsers{} }

// apply keeps the set of direct users; set is that of all users before the update.
func (d *directUsers) apply(set IDSet, u ChunkEdge) {
	id := u.Page
	switch {
	case d.all && (!u.Present || u.Direct):
	case d.all:
		d.all = false
		d.ids, _ = slices.Clone(set).Without(id)
	case u.Present && u.Direct:
		d.ids, _ = d.ids.With(id)
	default:
		d.ids, _ = d.ids.Without(id)
	}
}

// settle finds that all users, or none, are direct ones.
func (d *directUsers) settle(set IDSet) {
	if len(set) == 0 || !d.all && len(d.ids) == len(set) {
		d.all, d.ids = len(set) > 0, nil
	}
}

// Hub is a page through which changes go on to the dependents of its own title.
type Hub struct {
	Page int64    `avro:"page_id"`
	Type LinkType `avro:"type"`
	Name Name     `avro:"name"`
}

// Len returns the number of links.
func (e *Edges) Len() int {
	n := 0
	for _, s := range e.Sets {
		n += len(s)
	}
	return n
}

// Size is about how many bytes the links take in a row: of ids that are side by side far less.
func (e *Edges) Size() int { return 4*e.Len() + e.NameBytes() }

// NameBytes is about how many of them are the hubs'.
func (e *Edges) NameBytes() int {
	n := 0
	for i := range e.Hubs {
		n += hubBytes + len(e.Hubs[i].Name.DBKey)
	}
	return n
}

const hubBytes = 12 // ids, lengths

// Size is about how many bytes the update takes.
func (u *ChunkEdge) Size() int {
	n := hubBytes
	if u.Hub != nil {
		n += hubBytes + len(u.Hub.DBKey)
	}
	return n
}

// All returns what sets all links, in the order of type and page.
func (e *Edges) All() []ChunkEdge {
	list := make([]ChunkEdge, 0, e.Len())
	for t, set := range e.Sets {
		direct, hubs := e.DirectUsers(LinkType(t)), e.Hubs
		for _, id := range set {
			u := ChunkEdge{Page: id, Type: LinkType(t), Present: true}
			if len(direct) > 0 && direct[0] == id {
				u.Direct, direct = true, direct[1:]
			}
			for len(hubs) > 0 && (hubs[0].Page < id || hubs[0].Page == id && int(hubs[0].Type) < t) {
				hubs = hubs[1:]
			}
			if len(hubs) > 0 && hubs[0].Page == id && int(hubs[0].Type) == t {
				u.Hub = &hubs[0].Name
			}
			list = append(list, u)
		}
	}
	return list
}

// Sort brings links in order that came by [Edges.Append] in another.
func (e *Edges) Sort() {
	for t := range e.Sets {
		slices.Sort(e.Sets[t])
	}
	for t := range e.direct {
		slices.Sort(e.direct[t].ids)
	}
	slices.SortFunc(e.Hubs, func(a, b Hub) int { return cmp.Or(cmp.Compare(a.Page, b.Page), cmp.Compare(a.Type, b.Type)) })
}

// Clone returns a copy that shares nothing with e.
func (e *Edges) Clone() Edges {
	out := Edges{Hubs: slices.Clone(e.Hubs), direct: e.direct}
	for t, set := range e.Sets {
		out.Sets[t] = slices.Clone(set)
	}
	for t := range out.direct {
		out.direct[t].ids = slices.Clone(out.direct[t].ids)
	}
	return out
}

// Append adds the links from a range of pages behind all that are there.
func (e *Edges) Append(o *Edges) {
	for t := range e.direct {
		d, with := &e.direct[t], &o.direct[t]
		switch {
		case len(o.Sets[t]) == 0:
		case len(e.Sets[t]) == 0:
			*d = directUsers{with.all, slices.Clone(with.ids)}
		case d.all && with.all:
		default:
			d.ids = append(slices.Clone(e.DirectUsers(LinkType(t))), o.DirectUsers(LinkType(t))...)
			d.all = false
		}
	}
	for t, set := range o.Sets {
		e.Sets[t] = append(e.Sets[t], set...)
	}
	e.Hubs = append(e.Hubs, o.Hubs...)
}

// Apply sets or removes one link.
func (e *Edges) Apply(u ChunkEdge) {
	set := &e.Sets[u.Type]
	counts := int(u.Type) < len(directTypes)
	if counts {
		e.direct[u.Type].apply(*set, u)
	}
	if u.Present {
		*set, _ = set.With(u.Page)
	} else {
		*set, _ = set.Without(u.Page)
	}
	if counts {
		e.direct[u.Type].settle(*set)
	}
	i, found := slices.BinarySearchFunc(e.Hubs, u, func(h Hub, u ChunkEdge) int {
		return cmp.Or(cmp.Compare(h.Page, u.Page), cmp.Compare(h.Type, u.Type))
	})
	switch {
	case u.Present && u.Hub != nil && found:
		e.Hubs[i].Name = *u.Hub
	case u.Present && u.Hub != nil:
		e.Hubs = slices.Insert(e.Hubs, i, Hub{Page: u.Page, Type: u.Type, Name: *u.Hub})
	case found:
		e.Hubs = slices.Delete(e.Hubs, i, i+1)
	}
}
