package store

import "log/slog"

// Options are the settings of a store on disk.
type Options struct {
	// Dir and Name give the folder, Dir/Name; it is made where it is absent. One process may have it open.
	Dir, Name string
	// CacheBytes is the size of the block cache. Defaults to 64 MiB.
	CacheBytes int64
	// Logger takes errors of the background work. Defaults to none.
	Logger *slog.Logger
}

// Open opens the store of a folder.
func Open(o Options) (*DB, error) { panic("todo") }

// OpenMemory returns an empty store in memory.
func OpenMemory() *DB { panic("todo") }
