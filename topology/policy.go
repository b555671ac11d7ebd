package topology

import (
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Policy says what becomes of a record that cannot be processed. It is made by [Stop], [Skip], [DeadLetter] and [Retry]; the zero Policy says
// nothing, and leaves it to the next one that does. See [OnError].
type Policy = kernel.Policy

// Policies are the policies of the phases. [EveryPhase] makes them of one.
type Policies = kernel.Policies

// Phase is what was being done with a record when it failed.
type Phase = kernel.Phase

const (
	// PhaseDecode is what comes before the handler: the framework's headers, a pack, the key, the value.
	PhaseDecode = kernel.PhaseDecode
	// PhaseProcess is the handler: the errors that it returns, its panics, and a handler that ends its goroutine.
	PhaseProcess = kernel.PhaseProcess
	// PhaseWrite is what the handler wants to be written, and cannot be: what a codec refuses, and what is larger than Config.MaxRecordBytes or
	// than the topic takes.
	PhaseWrite = kernel.PhaseWrite
)

// Stop ends [App.Run] with a [*ProcessError]. It is what happens where nothing else is said: nothing behind the record is processed.
func Stop() Policy { return Policy{Then: kernel.ActionStop} }

// Skip passes the record over, with a line in the log.
func Skip() Policy { return Policy{Then: kernel.ActionSkip} }

// DeadLetter passes the record over and keeps it, with what was wrong, in the topic of dead letters; see [OpenDeadLetters].
func DeadLetter() Policy { return Policy{Then: kernel.ActionDeadLetter} }

// Retry gives the record to its handler again, up to limit times (negative: without end), and then does what another policy says. The first
// pause is backoff; it doubles with each try, up to 30 s. The records behind it in the partition wait, so a key's order holds.
// Nothing that a failed try wrote or sent remains. A write that the brokers refuse is not tried again.
func Retry(limit int, backoff time.Duration, then Policy) Policy {
	return Policy{Retries: limit, Backoff: backoff, Then: then.Then}
}

// EveryPhase is one policy for every phase.
func EveryPhase(p Policy) Policies { return kernel.EveryPhase(p) }

// ParsePolicy reads a policy as settings spell it: "stop", "skip", "dead-letter", or "retry:LIMIT[:BACKOFF]:POLICY", such as
// "retry:5:200ms:dead-letter". The limit may be "forever".
func ParsePolicy(text string) (Policy, error) { return kernel.ParsePolicy(text) }

// ParsePhase reads "decode", "process" or "write".
func ParsePhase(text string) (Phase, error) { return kernel.ParsePhase(text) }

// ProcessorOption says something about a processor as a whole.
type ProcessorOption func(*processor)

// OnError says what becomes of records that the processor cannot process: in the phases that are named, or in all. Of several options for
// a phase the last one counts. Config.OnErrors is stronger than it, and Config.OnError is weaker.
//
// Of a record that is skipped or becomes a dead letter nothing gets out, neither rows nor records; of a pack, that holds for the
// one message that failed. The exception: where a broker refuses, with at-least-once, what was sent, outputs of the record that were sent
// beside it remain.
//
// A record that is interrupted, because its partition is given up while its handler runs, has not failed: whoever is assigned the
// partition next processes it.
func OnError(p Policy, phases ...Phase) ProcessorOption {
	return func(proc *processor) {
		if len(phases) == 0 {
			proc.kernel.OnError = kernel.EveryPhase(p)
		}
		for _, phase := range phases {
			proc.kernel.OnError.Set(phase, p)
		}
	}
}
