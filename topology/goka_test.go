package topology_test

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/cluster"
)

// Goka's arithmetic on what the hasher says gives Eddy's partition, however the key is written and whatever was hashed before.
func TestGokaHasherGivesEddysPartition(t *testing.T) {
	t.Parallel()
	whole, part := topology.GokaHasher(text), topology.GokaHasher[string](customerFirst{codecs.String[string]()})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32Range(1, 64).Draw(t, "partitions")
		key := rapid.StringMatching(`[a-z]{0,9}(/[0-9]{0,3})?`).Draw(t, "key")
		for _, c := range []struct {
			name   string
			hash   func(key []byte) int32
			hashed []byte
		}{
			{"the whole key", func(key []byte) int32 { h := whole(); h.Write(key); return int32(h.Sum32()) }, []byte(key)},
			{"a part of the key", func(key []byte) int32 { h := part(); h.Write(key); return int32(h.Sum32()) }, customerFirst{}.HashPart([]byte(key))},
			{"in two writes, after another key", func(key []byte) int32 {
				h := whole()
				h.Write([]byte("another key"))
				h.Reset()
				h.Write(key[:len(key)/2])
				h.Write(key[len(key)/2:])
				if sum := h.Sum([]byte("x")); len(sum) != 1+h.Size() || binary.BigEndian.Uint32(sum[1:]) != h.Sum32() {
					t.Fatalf("Sum is %x, Sum32 %x", sum, h.Sum32())
				}
				return int32(h.Sum32())
			}, []byte(key)},
		} {
			hash := c.hash([]byte(key))
			if hash < 0 { // as Goka does, which stays negative for the least number
				hash = -hash
			}
			if got, want := hash%n, cluster.Partition(c.hashed, n); got != want {
				t.Fatalf("%s %q: partition %d of %d, want %d", c.name, key, got, n, want)
			}
		}
	})
}
