package topology

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Store is a further table of a processor, beside the one of [Persist], with keys of its own type: the rows of the partition whose
// records a handler sees. It is kept, restored and moved as that one is, and what a handler does to any of them takes effect together.
// Handlers read their own writes. As with [State], a handler that changes a row that it got must Set it.
//
// With [AtLeastOnce] a crash in the middle of a commit may leave what a batch wrote to one store and not what it wrote to another; its
// records then come again.
type Store[K, V any] struct {
	h     handle
	table Table[K, V]
}

// AddStore gives the processor a store, with the topic "<topology>-<processor>-<name>-changelog". The name tells it from the other stores
// of the processor. A row has to belong to the partition of the record that writes it. So the key codec is that of the processor, or one
// that hashes the same part of the key ([codecs.HashPart]), such as [codecs.PairOf].
func AddStore[K, SK, V any](p *Processor[K], name string, key codecs.Codec[SK], value codecs.Codec[V], opts ...TopicOption) Store[SK, V] {
	t := NewTable(p.storeTopic("store", name, "-changelog"), key, value, opts...)
	return Store[SK, V]{h: p.declare(t.edge(roleStore)), table: t}
}

// storeTopic names the changelog of something that the processor keeps: of different kinds of things, differently, for what has a name in one release may
// be another thing in the next.
func (p *processor) storeTopic(what, name, suffix string) string {
	topic := p.kernel.Group + "-" + name + suffix
	switch {
	case p.builder.closed:
	case name == "":
		p.problemf(topic, "is that of a %s without a name", what)
	case partedByDashes(name):
		p.problemf(topic, "is that of a %s whose name %s", what, errDashes)
	}
	return topic
}

// Table returns the table, for joins and lookups of other processors and for views.
func (s Store[K, V]) Table() Table[K, V] { return s.table }

// rows returns the store, for the record that is being processed.
func (s Store[K, V]) rows(r Scope) (*scope, kernel.Rows, error) {
	sc, err := s.h.in(r)
	if err != nil {
		return nil, nil, err
	}
	return sc, s.h.rows(sc), nil
}

// at returns the store, and the key as it is spelled there.
func (s Store[K, V]) at(r Scope, key K) (*scope, kernel.Rows, []byte, error) {
	sc, rows, err := s.rows(r)
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := encodeKey(s.table.topic, s.table.key, key)
	return sc, rows, k, err
}

// Get returns the row of a key of the record's partition, and whether there is one. It is local: it reads memory or disk, never the
// network. Errors wrap [ErrEncode], [ErrDecode] or [ErrWrongProcessor].
func (s Store[K, V]) Get(r Scope, key K) (V, bool, error) {
	sc, rows, k, err := s.at(r, key)
	if err != nil {
		var zero V
		return zero, false, err
	}
	return get[V](sc, rows, s.table.topic, k)
}

// Set writes the row of a key; one of another partition is an error. A value that cannot be encoded ([ErrEncode]), or is too large
// ([ErrTooLarge]), is reported when the batch is committed.
func (s Store[K, V]) Set(r Scope, key K, value V) error {
	sc, rows, k, err := s.at(r, key)
	if err != nil {
		return err
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return rows.Set(k, value)
}

// Delete removes the row of a key, if there is one; a key of another partition is an error.
func (s Store[K, V]) Delete(r Scope, key K) error {
	sc, rows, k, err := s.at(r, key)
	if err != nil {
		return err
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return rows.Delete(k)
}
