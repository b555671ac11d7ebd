package engine

import (
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// inputDef is an input or the loop of a processor.
type inputDef struct {
	topic    string
	hashPart func([]byte) []byte // of its keys; nil: the whole key
	handle   kernel.Handler
	start    kernel.Start
	lost     kernel.LostOffset
	known    map[string]bool // the processors of the topology
}

// records is where the records of a partition come from: a [source.Partition].
type records interface {
	Poll() ([]*kgo.Record, error)
}

// strangersMost bounds the tasks of other topologies whose epochs are kept in mind: anybody may write what looks like one.
const strangersMost = 64

// strange reports whether a task is none of the topology. The one without a name is the reader.
func (d *inputDef) strange(t fence.Task) bool {
	return t.Processor != "" && t != fence.StreamClock && !d.known[t.Processor]
}

// input is a partition of an input. Its fields belong to the task's goroutine, but for those that say otherwise.
type input struct {
	def *inputDef
	tp  kernel.TopicPartition

	from   records
	queue  []*kgo.Record // fetched, to be processed next
	start  int64         // where the task began
	at     int64         // one past the last record that was processed
	seen   fence.Seen    // of the tasks that write to the partition, and of the task itself
	spoken string        // seen, as it is committed
	// strangers is how many of the tasks seen are none of the topology.
	strangers int
	stale     bool // seen has changed since
	last      stampCache

	waits bool        // the log had something behind start when the task began
	empty atomic.Bool // that are no records

	// committed is one past the last record whose batch was committed.
	committed atomic.Int64
}

// stampCache is the header of the record before, as most are of the same task and epoch.
type stampCache struct {
	value []byte
	admit bool
}

// admit reports whether a record counts: one that was written by a former owner of a partition behind the present one's does not.
func (in *input) admit(r *kgo.Record) (bool, error) {
	for _, h := range r.Headers {
		if h.Key != fence.HeaderKey {
			continue
		}
		if in.last.value != nil && string(in.last.value) == string(h.Value) {
			return in.last.admit, nil
		}
		stamp, err := fence.Parse(h.Value)
		if err != nil {
			return false, err
		}
		before := in.seen.Epoch(stamp.Task)
		if before == 0 && in.def.strange(stamp.Task) {
			if in.strangers == strangersMost {
				return true, nil
			}
			in.strangers++
		}
		admit := in.seen.Admit(stamp)
		in.stale = in.stale || in.seen.Epoch(stamp.Task) != before
		in.last = stampCache{value: h.Value, admit: admit}
		return admit, nil
	}
	return true, nil
}

// metadata is what is committed with an offset of the input: the epochs seen below it, and the stream time.
func (in *input) metadata() (string, error) {
	if in.stale || in.spoken == "" {
		text, err := in.seen.Text()
		if err != nil {
			return "", err
		}
		in.spoken, in.stale = text, false
	}
	return in.spoken, nil
}

// keepTime notes the stream time, in milliseconds since 1970, for the metadata.
func (in *input) keepTime(at int64) {
	if at > in.seen.Epoch(fence.StreamClock) {
		in.seen.Admit(fence.Stamp{Task: fence.StreamClock, Epoch: at})
		in.stale = true
	}
}

// next takes the record that comes next, nil if none waits. An error says that the log does not have it.
func (in *input) next() (*kgo.Record, error) {
	if len(in.queue) == 0 {
		var err error
		if in.queue, err = in.from.Poll(); err != nil || len(in.queue) == 0 {
			return nil, err
		}
	}
	r := in.queue[0]
	in.queue[0] = nil
	in.queue = in.queue[1:]
	return r, nil
}
