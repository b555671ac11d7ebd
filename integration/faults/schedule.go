package faults

import (
	"fmt"
	"strings"
	"time"
)

// Schedule is what is run, and what is done to it meanwhile. It follows from its seed, as [Draw] has it.
type Schedule struct {
	Seed     uint64
	Kind     string
	Pipeline string
	Delivery string
	Workers  int // of which Spare are not started at first
	Spare    int
	Brokers  int
	Steps    []Step

	kind kind
}

// Step is one thing that is done.
type Step struct {
	// After is how many records the workers process before the step begins.
	After int
	// Fault is what is done, to the workers or brokers with the numbers Who, and What says more of it.
	Fault string
	Who   []int
	What  string
	// For is how long it lasts. Zero: until the other workers have the partitions, or not at all, as it is with the fault.
	For time.Duration
	// More is how many records the others process before it is over.
	More int
	// Rest says that all is to be at rest before it is over.
	Rest bool
	// Hasty says that the next step does not wait until all partitions are assigned.
	Hasty bool
}

// String says what the schedule does, a line for each step.
func (s Schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s of %s, %s, %d workers", s.Seed, s.Kind, s.Pipeline, s.Delivery, s.Workers)
	if s.Spare > 0 {
		fmt.Fprintf(&b, " (%d of them later)", s.Spare)
	}
	fmt.Fprintf(&b, ", %d brokers", s.Brokers)
	for _, step := range s.Steps {
		b.WriteString("\n  " + step.String())
	}
	return b.String()
}

// String says what the step does.
func (s Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "after %d records: %s", s.After, s.Fault)
	if len(s.Who) > 0 {
		fmt.Fprintf(&b, " %v", s.Who)
	}
	if s.What != "" {
		fmt.Fprintf(&b, " (%s)", s.What)
	}
	if s.For > 0 {
		fmt.Fprintf(&b, " for %s", s.For)
	}
	if s.More > 0 {
		fmt.Fprintf(&b, ", and %d records more", s.More)
	}
	if s.Rest {
		b.WriteString(", until all is at rest")
	}
	if s.Hasty {
		b.WriteString(", hastily")
	}
	return b.String()
}
