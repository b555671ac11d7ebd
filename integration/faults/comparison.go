//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// System is one of those that are compared, all of them with the counting pipeline.
type System struct {
	Name     string
	Goka     bool
	Delivery string
}

// Systems are those that are compared.
func Systems() []System {
	return []System{
		{"plain Goka", true, AtLeastOnce},
		{"Eddy, at-least-once", false, AtLeastOnce},
		{"Eddy, exactly-once", false, ExactlyOnce},
	}
}

// Compared are the kinds of schedules that mean something for all systems.
func Compared() []string {
	return []string{
		"none", "kill-kept", "kill-wiped", "kill-late", "kill-all", "zombie", "zombie-again", "stall", "heartbeats", "cut", "flap", "slow", "rolling",
		"cascade", "broker-kill", "broker-down", "broker-pause", "brokers-rolling", "lost-tail", "lost-input", "unclean",
		"store-gone", "store-damage", "table-gone", "table-deleted", "table-emptied", "expired", "grown",
	}
}

// Outcome is what several schedules of one kind have left of a system.
type Outcome struct {
	Runs    int
	Lost    int // records without a result
	Twice   int // results that came again, records that counted again
	Wrong   int // rows, or results that tell of them
	Ends    int // of workers by themselves, which were started again
	Refused int // runs that ended because a worker said what a log had lost
	Failed  []string
}

// String is a cell of the table.
func (o Outcome) String() string {
	var parts []string
	if o.Refused < o.Runs && o.Runs > len(o.Failed)+o.Refused {
		parts = append(parts, fmt.Sprintf("%d / %d / %d", o.Lost, o.Twice, o.Wrong))
	}
	if o.Refused > 0 {
		parts = append(parts, fmt.Sprintf("%d× refused", o.Refused))
	}
	if len(o.Failed) > 0 {
		parts = append(parts, fmt.Sprintf("%d× stuck", len(o.Failed)))
	}
	return strings.Join(parts, "; ")
}

// comparisonLimit bounds one run.
const comparisonLimit = 4 * time.Minute

// Compare runs a schedule of a kind on a system and adds what it leaves. Workers that end by themselves are started again some times, as a
// supervisor does it.
func Compare(ctx context.Context, o *Outcome, kind string, seed uint64, system System, cfg Config) error {
	s, err := DrawOf(kind, seed, Counting, system.Delivery)
	if err != nil {
		return err
	}
	cfg.Goka = system.Goka
	cfg.Forgive = func(*Worker, string) bool { return true }
	limited, cancel := context.WithTimeout(ctx, comparisonLimit)
	defer cancel()
	v, err := Play(limited, s, cfg)
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	o.Runs++
	switch {
	case err != nil:
		o.Failed = append(o.Failed, err.Error())
	case v.Refusal != "":
		o.Refused++
	default:
		o.Lost += v.Lost.N
		o.Twice += v.Twice.N
		o.Wrong += v.Wrong()
		o.Ends += v.Ends
	}
	return nil
}
