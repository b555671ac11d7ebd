package integration_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/brokertest"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// disk is a small one.
type disk struct {
	t     *testing.T
	dir   string
	seen  string   // where this process sees it
	enter []string // the command by which others see it at dir; nil: they do
}

// smallDisk mounts a small disk: as it is, or in a namespace of its own, as whoever may not mount. It skips the test where neither is possible.
func smallDisk(t *testing.T) disk {
	t.Helper()
	const options = "size=32m"
	d := disk{t: t, dir: t.TempDir()}
	d.seen = d.dir
	why, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", options, "tmpfs", d.dir).CombinedOutput()
	if err == nil {
		t.Cleanup(func() {
			if out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "umount", d.dir).CombinedOutput(); err != nil {
				t.Errorf("umount %s: %v\n%s", d.dir, err, out)
			}
		})
		return d
	}
	// The namespace is there as long as a process that is in it.
	holder := exec.CommandContext(t.Context(), "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
		`mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && exec sleep infinity`, "sh", options, d.dir)
	holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var line string
	started := holder.Start()
	if started == nil {
		_, _ = fmt.Fscan(out, &line)
	}
	if line != "mounted" {
		t.Skipf("a disk that can be full takes the right to mount, or to unshare namespaces: %s", why)
	}
	t.Cleanup(func() { _, _ = holder.Process.Kill(), holder.Wait() })
	pid := strconv.Itoa(holder.Process.Pid)
	d.enter = []string{"nsenter", "--target", pid, "--user", "--mount", "--preserve-credentials"}
	d.seen = filepath.Join("/proc", pid, "root", d.dir)
	return d
}

// command is a command that sees the disk.
func (d disk) command(path string, args ...string) (string, []string) {
	all := append(append(slices.Clone(d.enter), path), args...)
	return all[0], all[1:]
}

func (d disk) ballast() string { return filepath.Join(d.seen, "ballast") }

// fill leaves no room on the disk.
func (d disk) fill() {
	d.t.Helper()
	file, err := os.Create(d.ballast())
	if err == nil {
		_, err = io.Copy(file, zeros{})
		_ = file.Close()
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatalf("the disk is not full: %v", err)
	}
}

func (d disk) free() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// A worker whose disk becomes full ends with one line that says what to do, and so does one that is started there; with room again, the next one
// goes on.
func TestFullDiskEndsTheWorker(t *testing.T) {
	t.Parallel()
	d := smallDisk(t)
	path := buildEddy(t)
	brokers := brokertest.Start(t)
	args := []string{"run", "--brokers", strings.Join(brokers, ","), "--data", d.dir, "--partitions", "3", "--memory", "192MiB"}
	work := func() *process {
		path, args := d.command(path, args...)
		p, _ := begin(t, `msg=ready`, path, args...)
		return p
	}
	worker := work()

	cfg := topology.Config{Brokers: brokers, InMemory: true, Partitions: 3}
	topo, err := processors.New(processors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	producer, err := topology.OpenProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := producer.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &brokered{t: t, topo: topo, sites: tables.AnyWiki(), cfg: cfg, to: replay.ToWorkers(producer, topo, cfg)}
	wiki, err := simwiki.Generate(simwiki.Shape{Seed: 1, Pages: 3000})
	if err != nil {
		t.Fatal(err)
	}
	log := slices.Collect(wiki.Events())
	b.send(log[:1000])
	b.settle()
	d.fill()
	b.send(log[1000:])
	if err := producer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantFullDisk := func(code int, lines []string) {
		t.Helper()
		if code != 1 || len(lines) != 1 {
			t.Fatalf("exit code %d, words %q, want 1 and one line", code, lines)
		}
		for _, want := range []string{d.dir, "no space left on device", "free space"} {
			if !strings.Contains(lines[0], want) {
				t.Errorf("%s\ndoes not say %q", lines[0], want)
			}
		}
	}
	wantFullDisk(worker.words(time.Minute))

	name, all := d.command(path, args...)
	again := exec.CommandContext(t.Context(), name, all...)
	again.Dir = t.TempDir()
	out, err := again.CombinedOutput()
	if err == nil {
		t.Fatal("a worker ended without an error on a full disk")
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "eddy: ") {
			lines = append(lines, line)
		}
	}
	wantFullDisk(again.ProcessState.ExitCode(), lines)

	d.free()
	worker = work()
	b.settle()
	wantBatch(t, b.sites, log, b.derived())
	worker.interrupt()
}
