package deadletter

import (
	"fmt"
	"strconv"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

const (
	keySettles = prefix + "settles"
	keyHow     = prefix + "how"
)

// How a dead letter was settled.
const (
	Replayed = "replayed"
	Dropped  = "dropped"
)

// Mark says that a letter of its partition is settled.
type Mark struct {
	Offset int64 // of the letter
	How    string
	At     time.Time
}

// Record is the mark as it is written; topic and partition are the caller's to set.
func (k Mark) Record() kernel.Message {
	return kernel.Message{Timestamp: k.At, Value: []byte{}, Headers: []kernel.Header{
		{Key: keySettles, Value: []byte(strconv.FormatInt(k.Offset, 10))},
		{Key: keyHow, Value: []byte(k.How)},
	}}
}

// ParseMark reads a mark; ok is false for a record that is none.
func ParseMark(m *kernel.Message) (k Mark, ok bool, err error) {
	for _, h := range m.Headers {
		switch h.Key {
		case keySettles:
			if k.Offset, err = strconv.ParseInt(string(h.Value), 10, 64); err != nil {
				return Mark{}, false, fmt.Errorf("header %q: %w", h.Key, err)
			}
			ok = true
		case keyHow:
			k.How = string(h.Value)
		}
	}
	k.At = m.Timestamp
	return k, ok, nil
}
