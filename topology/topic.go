package topology

import (
	"maps"
	"math"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// TopicOption says something about the topic of a [Stream] or [Table]: how it is created, and what it may be like where it exists.
type TopicOption func(*topicOptions)

type topicOptions struct {
	retention  time.Duration
	partitions int
	configs    map[string]string
	create     bool
	foreign    bool
	shared     bool
}

// options applies the options; nil if there are none.
func options(opts []TopicOption) *topicOptions {
	if len(opts) == 0 {
		return nil
	}
	o := &topicOptions{}
	apply(o, opts)
	return o
}

func (o *topicOptions) topic(name string) kernel.Topic {
	if o == nil {
		return kernel.Topic{Name: name}
	}
	return kernel.Topic{
		Name: name, Retention: o.retention, Partitions: int32(min(max(o.partitions, -1), math.MaxInt32)), Configs: o.configs, Create: o.create, Foreign: o.foreign,
		Shared: o.shared,
	}
}

// Retention keeps the records of a stream for d; negative is for ever. Without it, a stream that is internal to a topology, which
// processors of it both write and read, keeps everything until all its readers have committed it, and is then purged; any other is kept for
// Config.StreamRetention. So a stream that is read in the topology and outside of it, or read again later, is given a Retention.
//
// A table with a Retention may lose rows that were not written for longer: its topic is created with, and may have, the cleanup policy
// "compact,delete". A copy that was made before goes on having such a row.
func Retention(d time.Duration) TopicOption {
	return func(o *topicOptions) { o.retention = d }
}

// Partitions is the number of partitions that the topic is created with; one that exists has to have as many. Defaults to the number of those
// that it is read side by side with, or to Config.Partitions.
func Partitions(n int) TopicOption {
	return func(o *topicOptions) { o.partitions = n }
}

// TopicConfig is a setting that the topic is created with, such as "compression.type", beside or instead of those that Eddy chooses. It
// does not change a topic that exists.
func TopicConfig(key, value string) TopicOption {
	return func(o *topicOptions) {
		o.configs = maps.Clone(o.configs) // options are shared
		if o.configs == nil {
			o.configs = map[string]string{}
		}
		o.configs[key] = value
	}
}

// CreateMissing lets [App.Run] create the topic also where the topology only reads it. Without it a topic that nobody in the topology writes
// has to exist, because a name that is spelled wrongly would be created, and read for ever.
func CreateMissing() TopicOption {
	return func(o *topicOptions) { o.create = true }
}

// ForeignPartitions says that whoever writes the topic does not place keys as Kafka's default partitioner does, or not by the same part
// of them. A table is then looked up in all partitions and cannot be joined; a stream is read by a processor with state, with joins or with other
// inputs only through [Repartition].
func ForeignPartitions() TopicOption {
	return func(o *topicOptions) { o.foreign = true }
}

// Shared says that others write the stream as well, or read it, or read it again later: though processors of the topology both write and read it, it
// is not internal to the topology. It is kept for Config.StreamRetention, and [Reset] leaves it as it is.
func Shared() TopicOption {
	return func(o *topicOptions) { o.shared = true }
}
