package cli

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A command whose brokers take connections and say nothing ends when it is interrupted.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"query page w:1 --wait", "query cascades", "query dependents w:0:T", "plan w:0:T", "tail requests", "tail requests --follow", "topics create",
		"topics create --partitions 4", "dlq list", "dlq show 0:1", "dlq drop --all", "reset --dry-run", "run",
		"replay -", "replay - --feed-only", "bench --pages 9",
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					defer c.Close()
					interrupt()
				}
			}()
			args := append(strings.Fields(command), "--brokers", l.Addr().String())
			want := exitInterrupted
			if args[0] == "run" {
				args = append(args, "--data", filepath.Join(t.TempDir(), "data"))
				want = exitOK // it stops when it is asked to
			}
			var errs bytes.Buffer
			ended := make(chan int, 1)
			go func() { ended <- run(ctx, args, world{in: strings.NewReader(""), out: &errs, err: &errs}) }()
			select {
			case code := <-ended:
				if code != want && !strings.Contains(command, "--follow") || code == exitError {
					t.Errorf("exit code %d, want %d: %s", code, want, errs.String())
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it does not end")
			}
		})
	}
}
