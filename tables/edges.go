package tables

import (
	"cmp"
	"iter"
	"slices"
)

// Edges is a set of typed links, and the titles of those pages through which changes go on. The links of a target are of one type or two, as a
// rule, and there are many targets, so the sets of other types take no room.
type Edges struct {
	Hubs []Hub // sorted by (page, type)

	users []typedUsers // sorted by type; none is without ids
}

// typedUsers are the pages with links of one type.
type typedUsers struct {
	typ    LinkType
	ids    IDSet
	direct directUsers
}

// directUsers are the users of a target whose renderings list only what their own text names. As a rule all do, or none, and
// then they take no room.
type directUsers struct {
	all bool
	ids IDSet
}

// countsDirect reports whether it counts of links of the type that a rendering lists only what its own text names.
func (t LinkType) countsDirect() bool { return t <= LinkImage }

// find returns where the users of a type are, or would be.
func (e *Edges) find(t LinkType) (int, bool) {
	for i := range e.users {
		if e.users[i].typ >= t {
			return i, e.users[i].typ == t
		}
	}
	return len(e.users), false
}

// with returns the users of a type, to which ids are added.
func (e *Edges) with(t LinkType) *typedUsers {
	i, found := e.find(t)
	if !found {
		e.users = slices.Insert(e.users, i, typedUsers{typ: t})
	}
	return &e.users[i]
}

// Users returns the pages with links of a type. The caller does not change them.
func (e *Edges) Users(t LinkType) IDSet {
	if i, found := e.find(t); found {
		return e.users[i].ids
	}
	return nil
}

// Sets are the pages by the types of their links, in the order of types; none is empty. The caller does not change them.
func (e *Edges) Sets() iter.Seq2[LinkType, IDSet] {
	return func(yield func(LinkType, IDSet) bool) {
		for i := range e.users {
			if !yield(e.users[i].typ, e.users[i].ids) {
				return
			}
		}
	}
}

// DirectUsers returns the pages with links of a type whose renderings list only what their own text names; none of a type of which
// that says nothing. The caller does not change them.
func (e *Edges) DirectUsers(t LinkType) IDSet {
	i, found := e.find(t)
	switch {
	case !found:
		return nil
	case e.users[i].direct.all:
		return e.users[i].ids
	}
	return e.users[i].direct.ids
}

// NobodyDirect says that no user lists only what its own text names, whatever a row of a release before leaves open.
func (e *Edges) NobodyDirect() {
	for i := range e.users {
		e.users[i].direct = directUsers{}
	}
}

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

// settle finds that all users are direct ones.
func (d *directUsers) settle(set IDSet) {
	if !d.all && len(d.ids) == len(set) {
		d.all, d.ids = true, nil
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
	for i := range e.users {
		n += len(e.users[i].ids)
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
	for t, set := range e.Sets() {
		direct, hubs := e.DirectUsers(t), e.Hubs
		for _, id := range set {
			u := ChunkEdge{Page: id, Type: t, Present: true}
			if len(direct) > 0 && direct[0] == id {
				u.Direct, direct = true, direct[1:]
			}
			for len(hubs) > 0 && (hubs[0].Page < id || hubs[0].Page == id && hubs[0].Type < t) {
				hubs = hubs[1:]
			}
			if len(hubs) > 0 && hubs[0].Page == id && hubs[0].Type == t {
				u.Hub = &hubs[0].Name
			}
			list = append(list, u)
		}
	}
	return list
}

// Sort brings links in order that came by [Edges.Append] in another.
func (e *Edges) Sort() {
	for i := range e.users {
		slices.Sort(e.users[i].ids)
		slices.Sort(e.users[i].direct.ids)
	}
	slices.SortFunc(e.Hubs, func(a, b Hub) int { return cmp.Or(cmp.Compare(a.Page, b.Page), cmp.Compare(a.Type, b.Type)) })
}

// Clone returns a copy that shares nothing with e.
func (e *Edges) Clone() Edges {
	out := Edges{Hubs: slices.Clone(e.Hubs), users: slices.Clone(e.users)}
	for i := range out.users {
		u := &out.users[i]
		u.ids, u.direct.ids = slices.Clone(u.ids), slices.Clone(u.direct.ids)
	}
	return out
}

// Append adds the links from a range of pages behind all that are there.
func (e *Edges) Append(o *Edges) {
	for i := range o.users {
		from := &o.users[i]
		to := e.with(from.typ)
		switch d := &to.direct; {
		case len(to.ids) == 0:
			*d = directUsers{from.direct.all, slices.Clone(from.direct.ids)}
		case d.all && from.direct.all:
		default:
			d.ids = append(slices.Clone(e.DirectUsers(from.typ)), o.DirectUsers(from.typ)...)
			d.all = false
		}
		to.ids = append(to.ids, from.ids...)
	}
	e.Hubs = append(e.Hubs, o.Hubs...)
}

// Apply sets or removes one link.
func (e *Edges) Apply(u ChunkEdge) {
	e.applyUser(u)
	if len(e.Hubs) == 0 && u.Hub == nil {
		return
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

func (e *Edges) applyUser(u ChunkEdge) {
	i, found := e.find(u.Type)
	switch {
	case !found && !u.Present:
		return
	case !found:
		e.users = slices.Insert(e.users, i, typedUsers{typ: u.Type})
	}
	of := &e.users[i]
	if u.Type.countsDirect() {
		of.direct.apply(of.ids, u)
	}
	if u.Present {
		of.ids, _ = of.ids.With(u.Page)
	} else {
		of.ids, _ = of.ids.Without(u.Page)
	}
	if len(of.ids) == 0 {
		e.users = slices.Delete(e.users, i, i+1)
		return
	}
	if u.Type.countsDirect() {
		of.direct.settle(of.ids)
	}
}
