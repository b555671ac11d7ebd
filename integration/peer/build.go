package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/eddystream/eddy/integration/watchdog"
)

// build is a folder in which both sides and the workload are built. The guard ends what runs, and removes the folder.
type build struct {
	dir   string
	guard *watchdog.Watchdog
}

// workload returns the prefix of the workload's files.
func (b *build) workload() string { return filepath.Join(b.dir, "workload", "wiki") }

// all builds everything. The peer's folder is copied, and stays as it is.
func (b *build) all(ctx context.Context, o options) error {
	for _, part := range []string{"workload", "kstreams"} {
		if err := os.CopyFS(filepath.Join(b.dir, part), os.DirFS(filepath.Join(o.peer, part))); err != nil {
			return fmt.Errorf("the folder of the program for Kafka Streams: %w", err)
		}
	}
	for _, step := range []struct {
		what string
		in   string
		args []string
	}{
		{"building the program for Kafka Streams", "kstreams", []string{"mvn", "-q", "-B", "-Dstyle.color=never", "package"}},
		{"building the generator", "workload", []string{"go", "build", "-o", "generator", "."}},
		{"generating the wiki", "workload", []string{
			"./generator", "-pages", strconv.Itoa(o.pages), "-seed", strconv.FormatUint(o.seed, 10),
			"-out", b.workload() + ".ndjson.zst", "-edits", b.workload() + ".edits.ndjson", "-summary", b.workload() + ".json",
		}},
		{"building Eddy", "", []string{"go", "build", "-pgo", "cmd/eddy/release.pgo", "-o", filepath.Join(b.dir, "eddy"), "github.com/eddystream/eddy/cmd/eddy"}},
	} {
		say(step.what)
		cmd := b.command(ctx, step.args...)
		if step.in != "" {
			cmd.Dir = filepath.Join(b.dir, step.in)
		}
		cmd.Stdout = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// command returns a command that is asked to end, so that it can end what it has started, when ctx ends.
func (b *build) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // the sides' own programs
	b.guard.Adopt(cmd)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// say tells a person what goes on.
func say(what string) { _, _ = io.WriteString(os.Stderr, "== "+what+"\n") }
