//go:build kafka && unix

package faults_test

import (
	"fmt"
	"testing"
)

// Workers that are stopped, cut off, killed or restarted, brokers that are down or have lost something, disks that are full or damaged, and
// logs that are gone leave the tables, stores and outputs that they have to leave; or, where a log has lost something, a worker says so.
func TestFaults(t *testing.T) { //nolint:paralleltest // schedules take turns at the machine: a run is a matter of timing
	for _, s := range schedules(t) {
		t.Run(fmt.Sprintf("%s %s %s %d", s.Kind, s.Pipeline, s.Delivery, s.Seed), func(t *testing.T) { play(t, s) })
	}
}
