package topology

import "github.com/eddystream/eddy/topology/internal/kernel"

// InPhase gives an error that a handler returns to another phase than [PhaseProcess], so that another policy says what becomes of the record. So a
// handler that takes values apart itself tells those that cannot be read ([PhaseDecode]) from what may pass, which is to be tried again. It is
// nil for a nil error, and reads like the error in it otherwise.
func InPhase(phase Phase, err error) error { return kernel.In(phase, err) }
