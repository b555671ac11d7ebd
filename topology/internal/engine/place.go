package engine

import (
	"bytes"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// elsewhere is the error of a key that lies in another partition than the one that is processed, so that a row of it is not to be found
// or written here. A record's own key is always here: its rows are in the partition that it was read from, whoever chose that one, as in
// Kafka Streams. Of a record that is not where its key's hash says, nothing more can be said of other keys.
func (t *task) elsewhere(table *kernel.Table, key []byte) error {
	at := partitionOf(table.Topic.HashPart, key, t.p.partitions)
	if at == t.partition || t.msg == nil || t.isRowKey(key) || t.misplaced() {
		return nil
	}
	return fmt.Errorf("row %s: the key belongs to partition %d, not to partition %d, which is being processed", kernel.Quote(key), at, t.partition)
}

// isRowKey reports whether a key is that of the rows of the record being processed.
func (t *task) isRowKey(key []byte) bool {
	own := t.msg.RowKey
	if own == nil {
		own = t.msg.Key
	}
	return own != nil && bytes.Equal(key, own)
}

// misplaced reports whether the record being processed is not in the partition of its key.
func (t *task) misplaced() bool {
	m := t.msg
	if m.Offset < 0 { // a firing: of a timer, or of a punctuation, which has no key
		def := t.p.timersOf(m.Topic)
		return def != nil && partitionOf(def.Table.Topic.HashPart, m.Key, t.p.partitions) != t.partition
	}
	if m.Key == nil {
		return true
	}
	for _, in := range t.inputs {
		if in.tp.Topic == m.Topic {
			return partitionOf(in.def.hashPart, m.Key, t.p.partitions) != m.Partition
		}
	}
	return false
}
