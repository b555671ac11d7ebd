package topology

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Stream is a topic of records with keys of type K and values of type V. It is a plain value that does no
// I/O: producers, processors and tests share one, usually a package variable.
type Stream[K, V any] struct {
	topic  string
	key    codecs.Codec[K]
	value  codecs.Codec[V]
	opts   *topicOptions // nil: none
	packed bool
}

// NewStream names a stream and says how its keys and values are spelled. A key codec must have one spelling
// for each key, because the spelling decides the partition; if it implements [codecs.HashPart], only that
// part of it does. What is wrong with a stream is reported by [Builder.Build].
func NewStream[K, V any](topic string, key codecs.Codec[K], value codecs.Codec[V], opts ...TopicOption) Stream[K, V] {
	return Stream[K, V]{topic: topic, key: key, value: value, opts: options(opts)}
}

// Packed returns the stream as a packed one: what a processor sends in one batch to one partition goes as a pack, one record with all the
// messages in it, so that clients and brokers have one record to handle instead of thousands. Handlers, [Consume] and tests see
// single messages, in the order in which they were sent; a message that is alone in its batch goes at once, and as a plain record.
//
// Other Kafka clients cannot read packs. So a packed stream is for the inside of a topology: [Builder.Build] wants it to have a writer and
// a reader there, all of which declare it packed. Tables are never packed; loops always are.
//
// To read packs nothing has to be declared: each record says whether it is one. A stream that has plain records in it can become
// packed, and the other way round, as long as all its readers are of a release that knows packs.
func (s Stream[K, V]) Packed() Stream[K, V] {
	s.packed = true
	return s
}

// Topic returns the name of the topic.
func (s Stream[K, V]) Topic() string { return s.topic }

// KeyCodec returns the codec of the keys.
func (s Stream[K, V]) KeyCodec() codecs.Codec[K] { return s.key }

// ValueCodec returns the codec of the values.
func (s Stream[K, V]) ValueCodec() codecs.Codec[V] { return s.value }

func (s Stream[K, V]) kernelTopic() kernel.Topic {
	t := s.opts.topic(s.topic)
	t.Packed, t.HashPart = s.packed, hashPart(s.key)
	return t
}

func (s Stream[K, V]) edge(r role) *edge {
	return &edge{role: r, topic: s.kernelTopic(), key: s.key, value: s.value, hashed: hashedBy(s.key)}
}
