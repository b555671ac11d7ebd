package changelog

import (
	"maps"
	"slices"

	"github.com/eddystream/eddy/topology/internal/store"
)

// staleBytes bounds the keys that are kept of one partition.
const staleBytes = 8 << 20

// Stale is what compaction would do wrong to a partition: the keys whose last record in the log, as far as it was read, is one that
// was dropped. The owner of the table writes the rows of these keys anew, a tombstone where there is no row.
type Stale struct {
	// Keys are in the order of bytes. They take at most 8 MiB.
	Keys [][]byte
	// All says that there are more than that: all rows of the table count as stale, and the keys of the dropped records, which
	// [Reader.Read] finds, where they have no row.
	All bool
}

// staleKeys follows which keys are stale while records are read.
type staleKeys struct {
	keys  map[string]struct{}
	bytes int
	// incomplete says that keys are not all: there were too many, or some were dropped by an earlier reader.
	incomplete bool
}

// dropped notes a dropped record. at is the progress before it.
func (s *staleKeys) dropped(key []byte, offset int64, at *store.Progress) {
	if at.StaleFrom == 0 {
		at.StaleFrom, at.StaleEpoch = offset, at.Epoch
	}
	if _, known := s.keys[string(key)]; known || s.incomplete {
		return
	}
	if s.bytes+len(key) > staleBytes {
		s.keys, s.bytes, s.incomplete = nil, 0, true
		return
	}
	if s.keys == nil {
		s.keys = map[string]struct{}{}
	}
	s.keys[string(key)] = struct{}{}
	s.bytes += len(key)
}

// applied notes a record that counts.
func (s *staleKeys) applied(key []byte, at *store.Progress) {
	if at.StaleFrom == 0 {
		return
	}
	if _, stale := s.keys[string(key)]; stale {
		delete(s.keys, string(key))
		s.bytes -= len(key)
	}
	if len(s.keys) == 0 && !s.incomplete {
		at.StaleFrom, at.StaleEpoch = 0, 0
	}
}

func (s *staleKeys) list() Stale {
	all := Stale{All: s.incomplete}
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		all.Keys = append(all.Keys, []byte(key))
	}
	return all
}
