package topology

import (
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Stream is a topic of records with keys of type K and values of type V. It is a plain value that does no
// I/O: producers, processors and tests share one, usually a package variable.
type Stream[K, V any] struct {
	topic     string
	key       codecs.Codec[K]
	value     codecs.Codec[V]
	retention time.Duration
}

// StreamOption changes how the topic of a stream is created and checked.
type StreamOption func(*streamOptions)

type streamOptions struct{ retention time.Duration }

// Retention keeps the records of a stream for d; negative is for ever. Defaults to Config.StreamRetention.
func Retention(d time.Duration) StreamOption {
	return func(o *streamOptions) { o.retention = d }
}

// NewStream names a stream and says how its keys and values are spelled. A key codec must have one spelling
// for each key, because the spelling decides the partition; if it implements [codecs.HashPart], only that
// part of it does. What is wrong with a stream is reported by [Builder.Build].
func NewStream[K, V any](topic string, key codecs.Codec[K], value codecs.Codec[V], opts ...StreamOption) Stream[K, V] {
	var o streamOptions
	for _, opt := range opts {
		opt(&o)
	}
	return Stream[K, V]{topic: topic, key: key, value: value, retention: o.retention}
}

// Topic returns the name of the topic.
func (s Stream[K, V]) Topic() string { return s.topic }

// KeyCodec returns the codec of the keys.
func (s Stream[K, V]) KeyCodec() codecs.Codec[K] { return s.key }

// ValueCodec returns the codec of the values.
func (s Stream[K, V]) ValueCodec() codecs.Codec[V] { return s.value }

func (s Stream[K, V]) kernelTopic() kernel.Topic {
	return kernel.Topic{Name: s.topic, HashPart: hashPart(s.key), Retention: s.retention}
}

func (s Stream[K, V]) edge(r role) *edge {
	return &edge{role: r, topic: s.kernelTopic(), key: s.key, value: s.value}
}
