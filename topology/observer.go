package topology

import "github.com/eddystream/eddy/topology/internal/kernel"

// Observer is told what a running topology does. Every field is optional. The functions are called from the goroutines that do the work:
// they must be quick, safe for concurrent use, and must not call back.
//
//   - Assigned(AssignedInfo): a processor owns a set of partitions, recovered and about to run.
//   - Revoked(RevokedInfo): a processor has drained its partitions and given them up.
//   - Recovered(RecoveredInfo): a partition of a table was loaded.
//   - Committed(CommittedInfo): a batch of a partition was committed.
//   - Processed(ProcessedInfo): a handler returned.
//   - Failed(FailedInfo): a record could not be processed, and what becomes of it.
//   - Skipped(SkippedInfo): an operator passed over a record, because it has no key, or is a delete that it cannot follow.
//   - Stopped(StoppedInfo): a processor stopped with an error.
type Observer = kernel.Observer

type (
	// AssignedInfo is a new assignment.
	AssignedInfo = kernel.AssignedInfo
	// RevokedInfo is the end of an assignment.
	RevokedInfo = kernel.RevokedInfo
	// RecoveredInfo is the loading of a table's partition.
	RecoveredInfo = kernel.RecoveredInfo
	// CommittedInfo is a committed batch of one partition.
	CommittedInfo = kernel.CommittedInfo
	// ProcessedInfo is a handled record.
	ProcessedInfo = kernel.ProcessedInfo
	// FailedInfo is a record that could not be processed, or a row that could not be read.
	FailedInfo = kernel.FailedInfo
	// SkippedInfo is a record that was passed over.
	SkippedInfo = kernel.SkippedInfo
	// StoppedInfo is the end of a processor by an error.
	StoppedInfo = kernel.StoppedInfo
)
