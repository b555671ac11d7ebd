//go:build unix

package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// mount gives the worker a disk of its own, in memory.
func (w *Worker) mount(ctx context.Context, size int64) error {
	out, err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", size), "tmpfs", w.Dir).CombinedOutput() //nolint:gosec // a folder of ours
	if err != nil {
		return fmt.Errorf("a disk that can be full takes the right to mount: %w\n%s", err, out)
	}
	w.mounted = true
	return nil
}

func (w *Worker) unmount() error {
	if !w.mounted {
		return nil
	}
	w.mounted = false
	if out, err := exec.Command("umount", w.Dir).CombinedOutput(); err != nil { //nolint:gosec,noctx // as above; it is to be done in any case
		return fmt.Errorf("umount %s: %w\n%s", w.Dir, err, out)
	}
	return nil
}

// smallDisk is the size of a disk that is to become full.
const smallDisk = 256 << 20

// ballast is the file that fills a disk.
const ballast = "ballast"

// fillDisk fills the disks of workers, which have to end and say so.
func fillDisk(ctx context.Context, r *Run, s Step) error {
	for _, w := range r.workers(s) {
		if err := w.fill(); err != nil {
			return err
		}
	}
	for _, w := range r.workers(s) {
		words, err := r.last(ctx, w)
		if err != nil {
			return fmt.Errorf("the disk of worker %s is full: %w", w.Name, err)
		}
		if !strings.Contains(words, syscall.ENOSPC.Error()) || !strings.Contains(words, w.Dir) {
			return fmt.Errorf("worker %s has a full disk, and does not say so, with its folder: %s", w.Name, words)
		}
	}
	return nil
}

func (w *Worker) fill() (err error) {
	file, err := os.Create(filepath.Join(w.Dir, ballast))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for piece := make([]byte, 1<<20); len(piece) > 0; {
		n, err := file.Write(piece)
		if errors.Is(err, syscall.ENOSPC) {
			piece = piece[:(len(piece)-n)/2]
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// freeDisk makes room again, and starts the workers.
func freeDisk(ctx context.Context, r *Run, s Step) error {
	for _, w := range r.workers(s) {
		if err := os.Remove(filepath.Join(w.Dir, ballast)); err != nil {
			return err
		}
	}
	return start(ctx, r, s)
}

// removeStore deletes what workers have on disk while they run, after which they may end.
func removeStore(ctx context.Context, r *Run, s Step) error {
	for _, w := range r.workers(s) {
		w.Expect()
		if err := w.Wipe(ctx); err != nil {
			return err
		}
	}
	return nil
}

// reviveStore kills workers that still run, and starts them with what there is on disk now.
func reviveStore(ctx context.Context, r *Run, s Step) error {
	for _, w := range r.workers(s) {
		if running, _ := w.state(); running {
			if err := w.Kill(ctx); err != nil {
				return err
			}
		}
	}
	return start(ctx, r, s)
}

// What of a store is damaged.
const (
	damagedManifest = "manifest"
	damagedTables   = "all tables"
	damagedTable    = "one table"
)

// damageStore stops workers and overwrites a part of their stores' files.
func damageStore(ctx context.Context, r *Run, s Step) error {
	if err := r.Stop(ctx, r.workers(s)...); err != nil {
		return err
	}
	for _, w := range r.workers(s) {
		files, err := w.storeFiles(s.What == damagedManifest)
		if err == nil && len(files) == 0 {
			err = fmt.Errorf("worker %s has no files on disk", w.Name)
		}
		if err != nil {
			return err
		}
		if s.What == damagedTable {
			i := r.random.IntN(len(files))
			files = files[i : i+1]
		}
		for _, f := range files {
			if err := r.overwrite(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// storeFiles lists the files of the worker's store that hold rows, or those that say which there are.
func (w *Worker) storeFiles(manifest bool) ([]string, error) {
	var files []string
	err := filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		name := filepath.Base(path)
		switch {
		case err == nil && entry.IsDir() && strings.HasSuffix(name, "-damaged"):
			return filepath.SkipDir // one that was set aside before
		case err != nil || entry.IsDir():
		case manifest && strings.HasPrefix(name, "MANIFEST"), !manifest && (strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".ldb")):
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// overwrite puts a run of other bytes into the middle of a file.
func (r *Run) overwrite(path string) error {
	content, err := os.ReadFile(path)
	if err != nil || len(content) == 0 {
		return err
	}
	n := min(len(content), 64+r.random.IntN(4096))
	from := r.random.IntN(len(content) - n + 1)
	damaged := bytes.Clone(content)
	for i := from; i < from+n; i++ {
		damaged[i] ^= byte(1 + r.random.IntN(255))
	}
	return os.WriteFile(path, damaged, 0o600) //nolint:gosec // a file of a worker's
}

// namesItsStore forgives a worker that ends because of its store, and says which.
func namesItsStore(w *Worker, words string) bool { return strings.Contains(words, w.Dir) }
