package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What hangs is left behind: the process ends, and says so. It is this test's own program.
func TestLastResort(t *testing.T) {
	t.Parallel()
	const variable = "EDDY_TEST_LAST_RESORT"
	if os.Getenv(variable) != "" {
		ctx, stop := context.WithCancel(t.Context())
		defer world{err: os.Stderr}.lastResort(ctx, time.Millisecond)()
		stop()
		<-time.After(time.Minute) // it hangs
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestLastResort$")
	child.Env = append(os.Environ(), variable+"=1")
	out, err := child.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitError {
		t.Fatalf("it ended with %v\n%s", err, out)
	}
	if want := "eddy: not stopped 5.001s after it was asked to"; !strings.Contains(string(out), want) {
		t.Errorf("%s\ndoes not say %q", out, want)
	}
}
