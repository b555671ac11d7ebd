//go:build kafka

package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The command prints where its broker is, and ends it when it is interrupted.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "kafka")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), path, "--data", filepath.Join(dir, "data"), "--jvm=-Xmx512m", "--config", "num.partitions=3")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "brokers ")
	if err != nil || !ok {
		t.Fatalf("printed %q, %v", line, err)
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	if err := cmd.Wait(); err != nil || len(rest) > 0 {
		t.Errorf("ended with %v, and printed %q", err, rest)
	}
	if again, err := net.Dial("tcp", addr); err == nil {
		again.Close()
		t.Error("the broker outlives the command")
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kafka")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.Command(path, "three").CombinedOutput()
	if err == nil || !strings.Contains(string(out), `only flags: ["three"]`) {
		t.Errorf("%v: %s", err, out)
	}
}
