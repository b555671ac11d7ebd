package kernel

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Phase is what was being done with a record when it failed.
type Phase int

const (
	// PhaseProcess is the handler: its errors, its panics, and a handler that ends its goroutine.
	PhaseProcess Phase = iota
	// PhaseDecode is what comes before the handler: the headers of the framework, a pack, the key, the value.
	PhaseDecode
	// PhaseWrite is what the handler wants to be written, and cannot be: a key, value or row that its codec refuses, or that is too large.
	PhaseWrite
)

var phaseNames = [...]string{PhaseProcess: "process", PhaseDecode: "decode", PhaseWrite: "write"}

// String is "decode", "process" or "write".
func (p Phase) String() string {
	if p < 0 || int(p) >= len(phaseNames) {
		return fmt.Sprintf("Phase(%d)", int(p))
	}
	return phaseNames[p]
}

// ParsePhase reads what [Phase.String] returns.
func ParsePhase(text string) (Phase, error) {
	for p, name := range phaseNames {
		if name == text {
			return Phase(p), nil
		}
	}
	return 0, fmt.Errorf("phase %q is none of decode, process, write", text)
}

// PhaseError marks an error with the phase that it belongs to. It reads like the error in it.
type PhaseError struct {
	Phase Phase
	Err   error
}

// Error implements error.
func (e *PhaseError) Error() string { return e.Err.Error() }

// Unwrap returns the error that is marked.
func (e *PhaseError) Unwrap() error { return e.Err }

// In marks an error with a phase.
func In(p Phase, err error) error {
	if err == nil {
		return nil
	}
	return &PhaseError{Phase: p, Err: err}
}

// PhaseOf is the phase that an error was marked with, and PhaseProcess if it was not.
func PhaseOf(err error) Phase {
	if marked, ok := errors.AsType[*PhaseError](err); ok {
		return marked.Phase
	}
	return PhaseProcess
}

// Action is what becomes of a record in the end.
type Action int

const (
	// ActionUnset leaves it to others to say.
	ActionUnset Action = iota
	// ActionStop ends the run with the error.
	ActionStop
	// ActionSkip passes the record over.
	ActionSkip
	// ActionDeadLetter passes it over and keeps it among the dead letters.
	ActionDeadLetter
)

var actionNames = [...]string{ActionUnset: "", ActionStop: "stop", ActionSkip: "skip", ActionDeadLetter: "dead-letter"}

// String is "stop", "skip" or "dead-letter".
func (a Action) String() string {
	if a < 0 || int(a) >= len(actionNames) {
		return fmt.Sprintf("Action(%d)", int(a))
	}
	return actionNames[a]
}

// Policy is what becomes of a record that fails: it is tried again, up to a number of times, and then there is an action. The zero Policy
// says nothing.
type Policy struct {
	// Retries is how often it is tried again; negative: without end.
	Retries int
	// Backoff is the pause before the first of these. It doubles with each, up to [MaxBackoff].
	Backoff time.Duration
	Then    Action
}

const (
	// DefaultBackoff is the first pause where none is given.
	DefaultBackoff = 100 * time.Millisecond
	// MaxBackoff is the longest pause between two tries.
	MaxBackoff = 30 * time.Second
)

// IsZero reports whether the policy says nothing.
func (p Policy) IsZero() bool { return p == Policy{} }

// Stops reports whether the first failure ends the run.
func (p Policy) Stops() bool { return p.Retries == 0 && p.Then <= ActionStop }

// retryPrefix begins the text of a policy that tries again.
const retryPrefix = "retry"

// String is the action, or "retry:LIMIT:BACKOFF:ACTION" with a limit that may be "forever"; empty for the zero Policy.
func (p Policy) String() string {
	if p.Retries == 0 {
		return p.Then.String()
	}
	limit := "forever"
	if p.Retries > 0 {
		limit = strconv.Itoa(p.Retries)
	}
	return strings.Join([]string{retryPrefix, limit, p.Backoff.String(), p.Then.String()}, ":")
}

// ParsePolicy reads "stop", "skip", "dead-letter", or "retry:LIMIT[:BACKOFF]:ACTION", where a limit of "forever" needs no action.
func ParsePolicy(text string) (Policy, error) {
	parts := strings.Split(text, ":")
	var p Policy
	if parts[0] == retryPrefix {
		if len(parts) < 2 {
			return Policy{}, policyError(text)
		}
		if parts[1] == "forever" {
			p.Retries, p.Then = -1, ActionStop
		} else if n, err := strconv.Atoi(parts[1]); err == nil && n > 0 {
			p.Retries = n
		} else {
			return Policy{}, policyError(text)
		}
		p.Backoff, parts = DefaultBackoff, parts[2:]
		if len(parts) > 0 {
			if d, err := time.ParseDuration(parts[0]); err == nil && d > 0 {
				p.Backoff, parts = d, parts[1:]
			}
		}
		if len(parts) == 0 && p.Retries < 0 {
			return p, nil
		}
	}
	if len(parts) != 1 {
		return Policy{}, policyError(text)
	}
	for a := ActionStop; a <= ActionDeadLetter; a++ {
		if a.String() == parts[0] {
			p.Then = a
			return p, nil
		}
	}
	return Policy{}, policyError(text)
}

func policyError(text string) error {
	return fmt.Errorf("policy %q is none of stop, skip, dead-letter, retry:LIMIT[:BACKOFF]:POLICY", text)
}

// Policies are what becomes of records by the phase in which they fail.
type Policies struct{ Decode, Process, Write Policy }

// EveryPhase is one policy for all phases.
func EveryPhase(p Policy) Policies { return Policies{Decode: p, Process: p, Write: p} }

// of is the policy of a phase.
func (p *Policies) of(phase Phase) *Policy {
	switch phase {
	case PhaseDecode:
		return &p.Decode
	case PhaseWrite:
		return &p.Write
	default:
		return &p.Process
	}
}

// Of is the policy of a phase.
func (p Policies) Of(phase Phase) Policy { return *p.of(phase) }

// Set sets the policy of a phase.
func (p *Policies) Set(phase Phase, policy Policy) { *p.of(phase) = policy }

// Or fills what says nothing from another.
func (p Policies) Or(other Policies) Policies {
	for phase := range Phase(len(phaseNames)) {
		if p.Of(phase).IsZero() {
			p.Set(phase, other.Of(phase))
		}
	}
	return p
}

// Validate says what is wrong with the policies.
func (p Policies) Validate() error {
	for phase := range Phase(len(phaseNames)) {
		switch of := p.Of(phase); {
		case of.Then < ActionUnset || of.Then > ActionDeadLetter:
			return fmt.Errorf("%s: %s is no action", phase, of.Then)
		case of.Backoff < 0:
			return fmt.Errorf("%s: backoff is negative (%s)", phase, of.Backoff)
		}
	}
	return nil
}

// Stop reports whether every failure ends the run.
func (p Policies) Stop() bool { return p.Decode.Stops() && p.Process.Stops() && p.Write.Stops() }

// DeadLetters reports whether records may become dead letters.
func (p Policies) DeadLetters() bool {
	return p.Decode.Then == ActionDeadLetter || p.Process.Then == ActionDeadLetter || p.Write.Then == ActionDeadLetter
}
