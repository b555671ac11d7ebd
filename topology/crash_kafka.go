//go:build kafka

package topology

import (
	"fmt"
	"os"

	"github.com/eddystream/eddy/topology/internal/crashpoint"
)

// Only programs that are built to be tested with faults, by this tag, kill themselves when the environment says so.
func init() { //nolint:gochecknoinits // a variable of the environment is read once, before anything runs
	if err := crashpoint.Arm(os.Getenv("EDDY_CRASH_AT")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
