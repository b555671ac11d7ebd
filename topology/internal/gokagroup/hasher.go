package gokagroup

import (
	"hash"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// NewHasher returns Kafka's default partitioner in the form that Goka takes (goka.WithHasher, goka.WithViewHasher): murmur2 with the
// sign bit cleared over all that was written. With it, Goka finds a row in the partition where Kafka's own clients, and Eddy,
// put it.
func NewHasher() hash.Hash32 { return new(hasher) }

type hasher struct{ data []byte }

func (h *hasher) Write(p []byte) (int, error) {
	h.data = append(h.data, p...)
	return len(p), nil
}

func (h *hasher) Sum32() uint32 { return cluster.Hash(h.data) }
func (h *hasher) Sum(b []byte) []byte {
	s := h.Sum32()
	return append(b, byte(s>>24), byte(s>>16), byte(s>>8), byte(s))
}
func (h *hasher) Reset()         { h.data = h.data[:0] }
func (h *hasher) Size() int      { return 4 }
func (h *hasher) BlockSize() int { return 1 }
