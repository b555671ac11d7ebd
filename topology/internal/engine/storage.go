package engine

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/lovoo/goka/storage"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Roles of a table in a processor. One topic can be an own table of one processor and a join of another, with rows at different offsets.
const (
	roleOwn    = "own"
	roleJoin   = "join"
	roleLookup = "lookup"
)

// tableName names the local table of a partition. Neither groups nor topics contain a slash.
func tableName(group, role, topic string, partition int32) string {
	return fmt.Sprintf("%s/%s/%s/%d", group, role, topic, partition)
}

// storage is the processor's goka storage builder. Goka opens a storage for the own table and each join of every partition, its
// own or a standby copy; opening loads it to the end of its changelog, so that goka finds nothing to recover.
func (p *processor) storage(topic string, partition int32) (storage.Storage, error) {
	role := roleJoin
	if p.k.Own != nil && p.k.Own.Topic.Name == topic {
		role = roleOwn
	}
	table, err := p.e.opts.Store.Table(tableName(p.k.Group, role, topic, partition))
	if err != nil {
		return nil, err
	}
	a := p.building.Load() // nil while goka recovers ahead of joining the group
	load := func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		until := p.e.ctx
		if a != nil {
			until = a.session.Context()
		}
		defer context.AfterFunc(until, cancel)()
		loaded, err := p.e.opts.Reader.Load(ctx, table, topic, partition)
		if err != nil {
			return fmt.Errorf("table %q partition %d: %w", topic, partition, err)
		}
		p.e.observe.recovered(p.k.Name, topic, partition, loaded)
		return nil
	}
	st := store.Goka(table, load)
	if role == roleOwn || a == nil || a.tasks[partition] == nil {
		return st, nil
	}
	t := a.tasks[partition]
	for i, def := range p.k.Joins {
		if def.Topic.Name == topic {
			return a.join(t, i, def, st), nil
		}
	}
	return nil, fmt.Errorf("processor %q has no table %q", p.k.Name, topic)
}

// join makes a storage readable by its task.
func (a *assignment) join(t *task, index int, def *kernel.Table, st storage.Storage) storage.Storage {
	js := &joinStorage{Storage: st, topic: def.Topic.Name, partition: t.partition, changed: &a.p.e.changed, news: &news{}}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.joins = append(a.joins, js)
	t.joins[index] = newReader(t, def, js.get)
	t.joins[index].news = js.news
	return js
}

// joinStorage knows how far its table has been applied, and tells its reader what has changed.
type joinStorage struct {
	storage.Storage
	topic     string
	partition int32
	changed   *signal
	news      *news
	applied   atomic.Int64 // one past the last record applied
}

// Open implements [storage.Storage].
func (s *joinStorage) Open() error {
	if err := s.Storage.Open(); err != nil {
		return err
	}
	last, err := s.Storage.GetOffset(-1)
	if err != nil {
		return err
	}
	s.applied.Store(last + 1)
	return nil
}

// Set implements [storage.Storage].
func (s *joinStorage) Set(key string, value []byte) error {
	err := s.Storage.Set(key, value)
	s.news.add(key)
	return err
}

// Delete implements [storage.Storage].
func (s *joinStorage) Delete(key string) error {
	err := s.Storage.Delete(key)
	s.news.add(key)
	return err
}

// SetOffset implements [storage.Storage].
func (s *joinStorage) SetOffset(offset int64) error {
	if err := s.Storage.SetOffset(offset); err != nil {
		return err
	}
	s.applied.Store(offset + 1)
	s.changed.raise()
	return nil
}

func (s *joinStorage) get(key []byte) ([]byte, bool, error) {
	value, err := s.Storage.Get(string(key))
	return value, value != nil, err
}
