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
		"none", "kill-kept", "kill-wiped", "kill-late", "kill-all", "zombie", "zombie-again", "stall", "heartbeats", "cut", "flap", "rolling",
		"cascade", "broker-kill", "broker-down", "broker-pause", "brokers-rolling", "lost-tail", "lost-input", "unclean",
		"store-gone", "store-damage", "table-gone", "table-deleted", "table-emptied", "expired", "grown", "mix",
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
	Looped  int // runs that ended because a worker ended again and again, and did not say what a log had lost
	Stuck   int // runs that did not come to their end
	Why     []string
}

// String is a cell of the table.
func (o Outcome) String() string {
	var parts []string
	if o.Runs > o.Refused+o.Looped+o.Stuck {
		parts = append(parts, fmt.Sprintf("%d / %d / %d", o.Lost, o.Twice, o.Wrong))
	}
	for _, k := range []struct {
		n    int
		what string
	}{{o.Refused, "refused"}, {o.Looped, "crash loop"}, {o.Stuck, "stuck"}} {
		if k.n > 0 {
			parts = append(parts, fmt.Sprintf("%d× %s", k.n, k.what))
		}
	}
	return strings.Join(parts, "; ")
}

// comparisonLimit bounds one run.
const comparisonLimit = 6 * time.Minute

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
		o.Why = append(o.Why, err.Error())
		if _, ended := errors.AsType[*EndedError](err); ended {
			o.Looped++
		} else {
			o.Stuck++
		}
	case v.Refusal != "" || v.Remedied != "":
		o.Refused++
	default:
		o.Lost += v.Lost.N
		o.Twice += v.Twice.N
		o.Wrong += v.Wrong()
		o.Ends += v.Ends
	}
	return nil
}
