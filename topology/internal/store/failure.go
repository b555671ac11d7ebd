package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrDamaged is wrapped by the error of a store whose files are damaged. It is built again at the next [Open].
var ErrDamaged = errors.New("the local store is damaged, and is built again from the changelogs at the next start")

// damagedMark is a file in the folder of a store that was found to be damaged while it was open.
const damagedMark = "DAMAGED"

// asideSuffix is what a damaged store's folder is called when it was moved out of the way. There is one at most.
const asideSuffix = "-damaged"

// closeWithin bounds the closing of a store that has failed: what waits for its disk is left behind.
const closeWithin = 2 * time.Second

// failing is the end of a back end that cannot go on: its disk is full, or its files are damaged. Pebble would try again for ever, and have
// writers wait for it.
type failing struct {
	fs     vfs.FS
	dir    string
	opened atomic.Bool
	done   chan struct{}

	once sync.Once
	err  error // readable once done is closed
}

func newFailing(fs vfs.FS, dir string) *failing {
	return &failing{fs: fs, dir: dir, done: make(chan struct{})}
}

// fail keeps the first error.
func (f *failing) fail(err error) {
	f.once.Do(func() {
		f.err = f.explain(err)
		if f.opened.Load() && errors.Is(f.err, ErrDamaged) {
			if file, err := f.fs.Create(filepath.Join(f.dir, damagedMark), vfs.WriteCategoryUnspecified); err == nil {
				_ = file.Close() // without the mark it is found out again
			}
		}
		close(f.done)
	})
}

// explain says what can be done about an error.
func (f *failing) explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("local store %q: %w: free space, or keep the data elsewhere: what is in it is built again from the changelogs", f.dir, err)
	case damaged(err):
		return fmt.Errorf("local store %q: %w: %w", f.dir, ErrDamaged, err)
	default:
		return fmt.Errorf("local store %q: %w", f.dir, err)
	}
}

// read makes of an error that a reader met what its owner is to say: where files are damaged that is the end of a back end that is open.
func (f *failing) read(err error) error {
	if !damaged(err) || !f.opened.Load() {
		return err
	}
	f.fail(err)
	return f.failure()
}

// failure is the error that ended the back end; nil while it goes on.
func (f *failing) failure() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// damaged reports whether an error of pebble's is one of its files.
func damaged(err error) bool {
	return pebble.IsCorruptionError(err) || errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "object size mismatch")
}

// whileIn calls do, and returns its error, or that of the back end if it ends before: do is then left behind.
func (f *failing) whileIn(do func() error) error {
	if err := f.failure(); err != nil {
		return err
	}
	returned := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil && f.failure() == nil {
				panic(v) // what was left behind may meet a store that was closed
			}
		}()
		returned <- do()
	}()
	select {
	case err := <-returned:
		return err
	case <-f.done:
		return f.err
	}
}

// events are what pebble tells of its background work.
func (f *failing) events() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: f.fail,
		DataCorruption:  func(i pebble.DataCorruptionInfo) { f.fail(errors.Join(pebble.ErrCorruption, i.Details)) },
	}
}

// pebbleLog passes on what pebble has to say.
type pebbleLog struct {
	log *slog.Logger
	f   *failing
}

func (l pebbleLog) Infof(format string, args ...any) { l.log.Debug(fmt.Sprintf(format, args...)) }

func (l pebbleLog) Errorf(format string, args ...any) { l.log.Error(fmt.Sprintf(format, args...)) }

// Fatalf is called where pebble cannot go on; it must not return. The goroutine, which may hold locks, is left behind: nothing enters the
// back end any more, and whoever is in it is let go.
func (l pebbleLog) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, arg := range args {
		if e, ok := arg.(error); ok {
			err = fmt.Errorf("%w: %w", err, e)
		}
	}
	l.f.fail(err)
	if l.f.opened.Load() {
		select {}
	}
	runtime.Goexit() // pebble.Open lets go of what it has
}

// setAside moves the folder of a damaged store out of the way.
func setAside(fs vfs.FS, dir string) error {
	aside := dir + asideSuffix
	if err := fs.RemoveAll(aside); err != nil {
		return err
	}
	return fs.Rename(dir, aside)
}

// isNewer reports whether an error of pebble's is that a later version has written the files.
func isNewer(err error) bool { return strings.Contains(err.Error(), "format major version") }
