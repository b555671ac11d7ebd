package topology

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Table is a compacted topic: the last value of each key is its row, and a record without a value deletes
// it. Like [Stream] it is a plain value that does no I/O. A table is written by the one processor that
// persists it ([Persist]), or from outside the topology.
type Table[K, V any] struct {
	topic string
	key   codecs.Codec[K]
	value codecs.Codec[V]
	opts  *topicOptions // nil: none
}

// NewTable names a table and says how its keys and rows are spelled; see [NewStream] about keys.
func NewTable[K, V any](topic string, key codecs.Codec[K], value codecs.Codec[V], opts ...TopicOption) Table[K, V] {
	return Table[K, V]{topic: topic, key: key, value: value, opts: options(opts)}
}

// Topic returns the name of the topic.
func (t Table[K, V]) Topic() string { return t.topic }

// KeyCodec returns the codec of the keys.
func (t Table[K, V]) KeyCodec() codecs.Codec[K] { return t.key }

// ValueCodec returns the codec of the rows.
func (t Table[K, V]) ValueCodec() codecs.Codec[V] { return t.value }

func (t Table[K, V]) edge(r role) *edge {
	topic := t.opts.topic(t.topic)
	topic.HashPart, topic.Table = hashPart(t.key), true
	return &edge{role: r, topic: topic, key: t.key, value: t.value, hashed: hashedBy(t.key), table: t.kernelTable(topic)}
}

// kernelTable makes the row's codec one of any, for the cache of decoded rows.
func (t Table[K, V]) kernelTable(topic kernel.Topic) *kernel.Table {
	name, codec, keys := t.topic, t.value, t.key
	return &kernel.Table{
		Topic: topic,
		Encode: func(row any) ([]byte, error) {
			v, err := rowOf[V](name, row)
			if err != nil {
				return nil, err
			}
			data, err := codec.Encode(v)
			if err != nil {
				return nil, fmt.Errorf("row of %q: %w: %w", name, ErrEncode, err)
			}
			return present(data), nil
		},
		Decode: func(data []byte) (any, error) {
			v, err := codec.Decode(data)
			if err != nil {
				return nil, fmt.Errorf("row of %q: %w: %w", name, ErrDecode, err)
			}
			return v, nil
		},
		CheckKey: func(key []byte) error {
			if _, err := keys.Decode(key); err != nil {
				return fmt.Errorf("key of %q: %w: %w", name, ErrDecode, err)
			}
			return nil
		},
	}
}

// rowOf gives a decoded row its type back. A nil row is the zero value of an interface type V.
func rowOf[V any](topic string, row any) (V, error) {
	v, ok := row.(V)
	if !ok && row != nil {
		return v, fmt.Errorf("row of %q is a %T, not a %T", topic, row, v)
	}
	return v, nil
}
