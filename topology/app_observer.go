package topology

import (
	"time"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/engine"
)

// engine is o in the words of the engine. Functions that are not set stay so: the engine then need not call them.
func (o *Observer) engine() engine.Observer {
	var e engine.Observer
	if f := o.Assigned; f != nil {
		e.Assigned = func(processor string, partitions []int32, took time.Duration) {
			f(AssignedInfo{Processor: processor, Partitions: partitions, Took: took})
		}
	}
	if f := o.Revoked; f != nil {
		e.Revoked = func(processor string, partitions []int32, dropped bool) {
			f(RevokedInfo{Processor: processor, Partitions: partitions, Dropped: dropped})
		}
	}
	if f := o.Recovered; f != nil {
		e.Recovered = func(processor, topic string, partition int32, l changelog.Loaded) {
			f(RecoveredInfo{
				Processor: processor, Topic: topic, Partition: partition, Records: l.Records, Offset: l.Offset,
				Rebuilt: l.Rebuilt, Reason: l.Reason, Took: l.Took,
			})
		}
	}
	if f := o.Committed; f != nil {
		e.Committed = func(c engine.Commit) { f(CommittedInfo(c)) }
	}
	if f := o.Processed; f != nil {
		e.Processed = func(processor, topic string, partition int32, offset int64, took time.Duration) {
			f(ProcessedInfo{Processor: processor, Topic: topic, Partition: partition, Offset: offset, Took: took})
		}
	}
	if f := o.Stopped; f != nil {
		e.Stopped = func(processor string, err error) { f(StoppedInfo{Processor: processor, Err: err}) }
	}
	return e
}
