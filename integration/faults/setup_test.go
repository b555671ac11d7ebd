//go:build kafka && unix

package faults_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/eddystream/eddy/integration/brokertest"
	"github.com/eddystream/eddy/integration/faults"
)

var (
	seed    = flag.Uint64("faults.seed", 0, "`seed` of the first run; 0: one of the clock")
	runs    = flag.Int("faults.runs", 1, "how often each schedule is run, each time with the next seed")
	broker  = flag.String("faults.broker", "kafka", "`kind` of broker: kafka, or eddy for the embedded one")
	command = flag.String("faults.eddy", "", "`path` of the command under test, such as one of another release; default: it is built")
	keep    = flag.String("faults.keep", "", "`folder` that keeps the workers' logs and data; default: a temporary one")
)

// session is the workers' session timeout: the least that Kafka takes.
const session = 6 * time.Second

// limit bounds one run.
const limit = 4 * time.Minute

// eddy is the command under test.
var eddy string

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	dir, err := os.MkdirTemp("", "eddy-faults-")
	if eddy = *command; err == nil && eddy == "" {
		eddy = filepath.Join(dir, "eddy")
		err = build(eddy)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := brokertest.Main(m).Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build builds the command as this test is built: with the hook for crashes, and with the race detector if it has that.
func build(path string) error {
	args := []string{"build", "-buildvcs=false", "-tags", "kafka", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "../../cmd/eddy")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// play runs a schedule with one seed on a broker of its own and fails the test where the verdict does.
func play(t *testing.T, s faults.Schedule, seed uint64, delivery string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	v, err := faults.Play(ctx, s, seed, config(t, delivery))
	if err == nil {
		t.Logf("seed %d, %.0f s: %s", seed, time.Since(start).Seconds(), v)
		err = v.Err()
	}
	if err != nil {
		t.Errorf("%v\nto repeat: go test -tags kafka ./integration/faults -count 1 -run '^%s$' -faults.broker %s -faults.seed %d",
			err, strings.ReplaceAll(t.Name(), "/", "$/^"), *broker, seed)
	}
}

// config is that of a cluster on a new broker.
func config(t *testing.T, delivery string) faults.Config {
	t.Helper()
	dir := t.TempDir()
	if *keep != "" {
		dir = filepath.Join(*keep, strings.ReplaceAll(t.Name(), "/", "_"), strconv.FormatInt(time.Now().UnixMilli(), 10))
	}
	return faults.Config{Eddy: eddy, Brokers: startBroker(t), Dir: dir, Partitions: 8, Session: session, Delivery: delivery}
}

func startBroker(t *testing.T) []string {
	t.Helper()
	switch *broker {
	case "kafka":
		return brokertest.Start(t)
	case "eddy":
		return startEmbedded(t)
	}
	t.Fatalf("no broker %q", *broker)
	return nil
}

// startEmbedded runs the embedded broker until the end of the test.
func startEmbedded(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command(eddy, "broker", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	found := &firstLine{match: regexp.MustCompile(`brokers (\S+)\n`), found: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = found, found
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		err := cmd.Process.Kill()
		if <-ended; err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
	})
	select {
	case address := <-found.found:
		return []string{address}
	case <-time.After(30 * time.Second):
		t.Fatal("the broker is not ready")
		return nil
	}
}

// firstLine waits for output that matches.
type firstLine struct {
	match *regexp.Regexp
	found chan string
	seen  bytes.Buffer
	done  bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	if !f.done {
		f.seen.Write(p)
		if m := f.match.FindSubmatch(f.seen.Bytes()); m != nil {
			f.done = true
			f.found <- string(m[1])
		}
	}
	return len(p), nil
}
