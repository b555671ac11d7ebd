package store

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// FlushInterval is how often a store on disk is made durable: what a crash costs to read again.
const FlushInterval = 30 * time.Second

// Memtables is how many memtables there are at most: one that is written to and others that go to disk. Writes wait while all are full.
const Memtables = 4

// Options are the settings of a store on disk.
type Options struct {
	// Dir and Name give the folder, Dir/Name; it is made where it is absent. One process may have it open.
	Dir, Name string
	// CacheBytes is the size of the block cache, with the filter of keys. Defaults to 64 MiB.
	CacheBytes int64
	// MemtableBytes is the size of all memtables, of which there are [Memtables]. Defaults to 64 MiB.
	MemtableBytes int64
	// Logger takes errors of the background work. Defaults to none.
	Logger *slog.Logger

	fs vfs.FS // nil: the system's
}

// Open opens the store of a folder. The error says so if another process has it open, and wraps [ErrNewerFormat] if a
// newer release has written it. A store of an older format is emptied; one that is damaged is moved aside, and begins empty.
func Open(o Options) (*DB, error) {
	if o.Dir == "" {
		return nil, errors.New("open store: no folder given")
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemtableBytes == 0 {
		o.MemtableBytes = 64 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.fs == nil {
		o.fs = vfs.Default
	}
	dir := filepath.Join(o.Dir, o.Name)
	if err := o.fs.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	var db *DB
	_, err := o.fs.Stat(filepath.Join(dir, damagedMark))
	if err == nil {
		err = ErrDamaged
	} else {
		db, err = open(o, dir)
	}
	if errors.Is(err, ErrDamaged) {
		o.Logger.Warn("local store is damaged, and built again from the changelogs", "folder", dir, "aside", dir+asideSuffix, "error", err)
		if err := setAside(o.fs, dir); err != nil {
			return nil, fmt.Errorf("open store %q: %w: %w", dir, ErrDamaged, err)
		}
		if err := o.fs.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
		db, err = open(o, dir)
	}
	if err != nil {
		return nil, err
	}
	if db.outdated != 0 {
		o.Logger.Info("local store has an older format and is built again", "folder", dir, "format", db.outdated, "wanted", formatVersion)
	}
	db.flushEvery(FlushInterval, o.Logger)
	return db, nil
}

// open opens the store of a folder as it is.
func open(o Options, dir string) (*DB, error) {
	filterBytes := o.CacheBytes / filterPart
	cache := pebble.NewCache(o.CacheBytes - filterBytes)
	defer cache.Unref() // the store holds its own reference
	f := newFailing(o.fs, dir)
	options := &pebble.Options{
		FS:                          o.fs,
		Cache:                       cache,
		DisableWAL:                  true,
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                uint64(o.MemtableBytes / Memtables),
		MemTableStopWritesThreshold: Memtables,
		Logger:                      pebbleLog{o.Logger, f},
		EventListener:               f.events(),
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		options.Levels[i].FilterType = pebble.TableFilter
	}
	var p *pebble.DB
	err := f.whileIn(func() (err error) {
		p, err = pebble.Open(dir, options)
		return err
	})
	switch {
	case err == nil:
	case f.failure() != nil:
		return nil, fmt.Errorf("open store: %w", err)
	case isNewer(err):
		return nil, fmt.Errorf("open store %q: %w: run the newer release, or delete the folder, and the store is built again from the changelogs: %w", dir, ErrNewerFormat, err)
	case errors.Is(err, syscall.EAGAIN):
		return nil, fmt.Errorf("open store %q, which another process has open: %w", dir, err)
	default:
		return nil, fmt.Errorf("open store: %w", f.explain(err))
	}
	f.opened.Store(true)
	d := disk{db: p, f: f}
	empty, err := d.empty()
	if empty {
		d.keys = newFilter(filterBytes)
	}
	var db *DB
	if err == nil {
		db, err = newDB(d)
	}
	if err != nil {
		if !errors.Is(err, ErrNewerFormat) {
			err = f.explain(err)
		}
		return nil, fmt.Errorf("open store %q: %w", dir, errors.Join(err, d.close()))
	}
	return db, nil
}

// flushEvery makes the store durable at every interval until it is closed.
func (db *DB) flushEvery(interval time.Duration, log *slog.Logger) {
	db.stopped = make(chan struct{})
	go func() {
		defer close(db.stopped)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-db.stop:
				return
			case <-ticker.C:
				if err := db.backend.flush(); err != nil {
					log.Error("store is not flushed", "error", err)
				}
			}
		}
	}()
}
