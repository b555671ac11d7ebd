package tables

import (
	"cmp"
	"slices"
)

// Edges is a set of typed links, and the titles of those pages through which changes go on.
type Edges struct {
	Sets [NumLinkTypes]IDSet // by type
	Hubs []Hub               // sorted by (page, type)
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

// Apply sets or removes one link.
func (e *Edges) Apply(u ChunkEdge) {
	set := &e.Sets[u.Type]
	if u.Present {
		*set, _ = set.With(uint32(u.Page))
	} else {
		*set, _ = set.Without(uint32(u.Page))
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
