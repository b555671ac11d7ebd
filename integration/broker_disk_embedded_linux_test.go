package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// leave leaves so much room on the disk.
func (d disk) leave(bytes int64) {
	d.t.Helper()
	d.fill()
	info, err := os.Stat(d.ballast())
	if err == nil {
		err = os.Truncate(d.ballast(), info.Size()-bytes)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// largeFile is a file of renderings that a small disk does not hold.
func largeFile(t *testing.T) string {
	t.Helper()
	f := newEventFile(t)
	for page := range 4000 {
		f.render(fmt.Sprint("P", page), page+1, 1, pagesFrom(page*40, 40))
	}
	if err := f.out.Close(); err != nil {
		t.Fatal(err)
	}
	return f.path
}

// A replay with an embedded broker whose disk is full, or becomes so, ends with one line that says what to do, and with room again it goes on.
func TestFullDiskEndsTheReplay(t *testing.T) {
	t.Parallel()
	d := smallDisk(t)
	path, file := buildEddy(t), largeFile(t)
	replay := func() (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		name, args := d.command(path, "replay", "--json", "--log-level", "error", "--partitions", "2", "--data", d.dir, file)
		cmd := exec.CommandContext(ctx, name, args...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		_, err := cmd.Output()
		return stderr.String(), err
	}
	for name, room := range map[string]int64{"full": 0, "becomes full": 4 << 20} {
		d.leave(room)
		said, err := replay()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 { //nolint:errorlint // as it comes
			t.Fatalf("%s: ended with %v:\n%s", name, err, said)
		}
		lines := strings.Split(strings.TrimSpace(said), "\n")
		if last := lines[len(lines)-1]; len(lines) != 1 || !strings.HasPrefix(last, "eddy: ") || !strings.Contains(last, "no space left on device") || !strings.Contains(last, "free space") {
			t.Errorf("%s: it says\n%s", name, said)
		}
		d.free()
	}
	if err := os.RemoveAll(filepath.Join(d.seen, "stores")); err != nil {
		t.Fatal(err)
	}
	small := newEventFile(t)
	small.render("Small", 1_000_000, 1, pagesFrom(0, 2))
	if err := small.out.Close(); err != nil {
		t.Fatal(err)
	}
	file = small.path
	if said, err := replay(); err != nil {
		t.Errorf("with room: %v:\n%s", err, said)
	}
}

// A broker that stands alone ends as well, and does not go on to refuse all that it is sent.
func TestFullDiskEndsTheBroker(t *testing.T) {
	t.Parallel()
	d := smallDisk(t)
	path, file := buildEddy(t), largeFile(t)
	d.leave(4 << 20)
	name, args := d.command(path, "broker", "--json", "--data", d.dir, "--listen", "127.0.0.1:0")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Brokers []string `json:"brokers"`
	}
	if err := json.NewDecoder(out).Decode(&told); err != nil {
		t.Fatal(err)
	}
	feed := exec.CommandContext(ctx, path, "replay", "--brokers", told.Brokers[0], "--partitions", "2", file)
	if out, err := feed.CombinedOutput(); err == nil {
		t.Errorf("a replay into a broker that fails ended well:\n%s", out)
	}
	err = cmd.Wait()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), "free space") { //nolint:errorlint // as it comes
		t.Errorf("ended with %v:\n%s", err, stderr.String())
	}
}
