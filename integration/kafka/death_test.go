//go:build kafka

package kafka_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/kafka"
)

// deathVariable makes this program one that starts a cluster and dies: how, is its value.
const deathVariable = "EDDY_KAFKA_DEATH"

// However the process of a test ends, its broker ends with it, a paused one too, and the temporary folder is removed. A test's timeout
// is a panic like the one here, of a goroutine that no test waits for.
func TestBrokersEndWithTheirOwner(t *testing.T) {
	t.Parallel()
	for _, death := range []string{"killed", "killed while the broker is paused", "panic", "exit"} {
		t.Run(death, func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			cmd := exec.Command(os.Args[0], "-test.run=^TestDying$", "-test.timeout=1m")
			cmd.Env = append(os.Environ(), deathVariable+"="+death, "TMPDIR="+tmp)
			goOn, err := cmd.StdinPipe()
			must(t, err)
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			lines := bufio.NewScanner(out)
			var conn net.Conn
			for conn == nil && lines.Scan() {
				if addr, ready := strings.CutPrefix(lines.Text(), "brokers "); ready {
					conn, err = net.Dial("tcp", addr)
					must(t, err)
					defer conn.Close()
				}
			}
			if conn == nil {
				t.Fatal("the child started no broker")
			}
			if left, err := filepath.Glob(filepath.Join(tmp, "eddy-kafka-*")); err != nil || len(left) != 1 {
				t.Fatalf("temporary folders %v, %v", left, err)
			}
			if strings.HasPrefix(death, "killed") {
				must(t, cmd.Process.Kill())
			}
			must(t, goOn.Close())
			must(t, conn.SetDeadline(time.Now().Add(40*time.Second)))
			if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) { // ends with the process that holds it
				t.Fatal("the broker outlives its owner")
			}
			_, _ = io.Copy(io.Discard, out)
			if err := cmd.Wait(); err == nil {
				t.Error("the child ended without an error")
			}
			eventually(t, "the port is closed", func() bool {
				again, err := net.DialTimeout("tcp", conn.RemoteAddr().String(), time.Second)
				if err == nil {
					again.Close()
				}
				return err != nil
			})
			eventually(t, "the folder is gone", func() bool {
				left, err := filepath.Glob(filepath.Join(tmp, "eddy-kafka-*"))
				must(t, err)
				return len(left) == 0
			})
		})
	}
}

// TestDying is the child's part of TestBrokersEndWithTheirOwner.
func TestDying(t *testing.T) { //nolint:paralleltest // the only test of its process
	death := os.Getenv(deathVariable)
	if death == "" {
		return
	}
	c, err := kafka.Start(t.Context(), kafka.Options{JVM: []string{"-Xmx512m"}})
	must(t, err)
	if strings.HasSuffix(death, "paused") {
		must(t, c.Pause(0))
	}
	fmt.Fprintln(os.Stdout, "brokers "+strings.Join(c.Addrs(), ","))
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent has connected
	switch death {
	case "panic":
		go panic("the test dies")
	case "exit":
		os.Exit(3)
	}
	select {}
}

// eventually waits for what a process that is not ours does last: nothing tells when it has ended.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not so: %s", what)
		}
	}
}
