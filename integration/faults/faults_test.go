//go:build kafka && unix

package faults_test

import (
	"fmt"
	"testing"

	"github.com/eddystream/eddy/integration/faults"
)

// Workers that are stopped, cut off, killed or restarted while links come and go leave the tables, stores and requests that they have
// to leave.
func TestFaults(t *testing.T) { //nolint:paralleltest // schedules take turns at the machine: a run is a matter of timing
	for _, delivery := range []string{faults.AtLeastOnce, faults.ExactlyOnce} {
		t.Run(delivery, func(t *testing.T) {
			for _, s := range faults.Schedules() {
				t.Run(s.Name, func(t *testing.T) {
					for i := range uint64(*runs) {
						if *runs == 1 {
							play(t, s, *seed, delivery)
							continue
						}
						t.Run(fmt.Sprint("seed ", *seed+i), func(t *testing.T) { play(t, s, *seed+i, delivery) })
					}
				})
			}
		})
	}
}
