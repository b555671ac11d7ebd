package kernel

import "time"

// Observer is told what a running topology does. Every field is optional. The functions are called from the
// goroutines that do the work: they must be quick, safe for concurrent use, and must not call back.
type Observer struct {
	// Assigned is called when a processor owns a set of partitions, recovered and about to run.
	Assigned func(AssignedInfo)
	// Revoked is called when a processor has drained its partitions and given them up.
	Revoked func(RevokedInfo)
	// Recovered is called for each partition of a table that was loaded.
	Recovered func(RecoveredInfo)
	// Committed is called for each batch and partition, after its input offsets were marked.
	Committed func(CommittedInfo)
	// Processed is called after each handler of a record.
	Processed func(ProcessedInfo)
	// Failed is called for each record that fails, and what becomes of it; and for each record of a table that cannot be read.
	Failed func(FailedInfo)
	// Skipped is called for each record that an operator passed over, because it has no key, or is a delete that cannot be followed.
	Skipped func(SkippedInfo)
	// Stopped is called when a processor stopped with an error.
	Stopped func(StoppedInfo)
}

// AssignedInfo is a new assignment.
type AssignedInfo struct {
	Processor  string
	Partitions []int32
	// Took is the time from the assignment to the start, recovery included.
	Took time.Duration
}

// RevokedInfo is the end of an assignment.
type RevokedInfo struct {
	Processor  string
	Partitions []int32
	// Dropped says that the drain timeout passed: the rest of the batches is processed again by the next owner.
	Dropped bool
}

// RecoveredInfo is the loading of a table's partition.
type RecoveredInfo struct {
	Processor string // empty for a view
	Topic     string
	Partition int32
	// Records is how many were read from the changelog, Offset where the local store then stands.
	Records int64
	Offset  int64
	// Rebuilt says that what was there was cleared first, and Reason why.
	Rebuilt bool
	Reason  string
	Took    time.Duration
}

// CommittedInfo is a committed batch of one partition.
type CommittedInfo struct {
	Processor string
	Partition int32
	// Records is the number of input and loop records, Firings that of timers and punctuations, Outputs and Rows what they led to; rows are
	// counted once per key.
	Records, Firings, Outputs, Rows int
	// RowBytes is what the rows take in the changelogs: keys and values, before compression.
	RowBytes int64
	// OutputWait, ChangelogWait and StoreWait are the times of the commit's steps.
	OutputWait, ChangelogWait, StoreWait time.Duration
}

// ProcessedInfo is a handled record.
type ProcessedInfo struct {
	Processor string
	Topic     string
	Partition int32
	Offset    int64
	Took      time.Duration
}

// FailedInfo is a record that could not be processed.
type FailedInfo struct {
	// Err says which one, in which phase, and why.
	Err *ProcessError
	// Outcome is what becomes of it now: "retry", "skip", "dead-letter" or "stop".
	Outcome string
}

// SkippedInfo is a record that was passed over.
type SkippedInfo struct {
	Processor string
	Topic     string
	Partition int32
	Offset    int64
	Reason    string
}

// StoppedInfo is the end of a processor by an error.
type StoppedInfo struct {
	Processor string
	Err       error
}
