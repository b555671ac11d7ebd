package topology

import (
	"fmt"
	"path/filepath"
	"sync"

	"github.com/eddystream/eddy/topology/internal/store"
)

// viewFolder is where views keep their copies, below DataDir. No topology has such a name.
const viewFolder = "@views"

// viewStores are the open stores of this process by folder: a folder can be opened once, and all views below one DataDir share it.
var viewStores = struct {
	mu   sync.Mutex
	open map[string]*sharedStore
}{open: map[string]*sharedStore{}}

// sharedStore is an open store and who uses it.
type sharedStore struct {
	db    *store.DB
	users map[string]bool // names of views
}

// viewStore is one view's part of a store.
type viewStore struct {
	db   *store.DB
	name string
	done func() error
	once sync.Once
	err  error
}

// openViewStore gives a view its part of the store. A second view of a table at the same time has a copy of its own.
func openViewStore(topic string, cfg Config) (*viewStore, error) {
	if cfg.InMemory {
		db := store.OpenMemory()
		return &viewStore{db: db, name: viewName(topic, 0), done: db.Close}, nil
	}
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("data dir: %w", err)
	}
	viewStores.mu.Lock()
	defer viewStores.mu.Unlock()
	shared := viewStores.open[dir]
	if shared == nil {
		db, err := cfg.openStore(viewFolder, cfg.StoreCache, 0)
		if err != nil {
			return nil, err
		}
		shared = &sharedStore{db: db, users: map[string]bool{}}
		viewStores.open[dir] = shared
	}
	n := 0
	for shared.users[viewName(topic, n)] {
		n++
	}
	name := viewName(topic, n)
	shared.users[name] = true
	return &viewStore{db: shared.db, name: name, done: func() error {
		viewStores.mu.Lock()
		defer viewStores.mu.Unlock()
		delete(shared.users, name)
		if len(shared.users) > 0 {
			return nil
		}
		delete(viewStores.open, dir)
		return shared.db.Close()
	}}, nil
}

func viewName(topic string, n int) string { return fmt.Sprintf("view/%s/%d", topic, n) }

func (s *viewStore) table(partition int32) (*store.Table, error) {
	return s.db.Table(fmt.Sprintf("%s/%d", s.name, partition))
}

// close gives the part back. The last one closes the store.
func (s *viewStore) close() error {
	s.once.Do(func() { s.err = s.done() })
	return s.err
}
