package cluster

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

// TestMurmur2 has the golden values of Kafka's own test of its hash function.
func TestMurmur2(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]int32{
		"21":                         -973932308,
		"foobar":                     -790332482,
		"a-little-bit-long-string":   -985981536,
		"a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
}

// TestPartitionIsThatOfOtherClients compares with the partitioner that another client has for keys.
func TestPartitionIsThatOfOtherClients(t *testing.T) {
	t.Parallel()
	other := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		if key == nil {
			key = []byte{}
		}
		n := rapid.Int32Range(1, 1000).Draw(t, "partitions")
		got := Partition(key, n)
		if want := other.Partition(&kgo.Record{Key: key}, int(n)); int(got) != want {
			t.Fatalf("Partition(%q, %d) = %d, want %d", key, n, got, want)
		}
		if got < 0 || got >= n {
			t.Fatalf("Partition(%q, %d) = %d", key, n, got)
		}
	})
}

// TestKeyThatBreaksOtherHashes has the key whose FNV-1a hash is the least integer, whose absolute value is negative.
func TestKeyThatBreaksOtherHashes(t *testing.T) {
	t.Parallel()
	if p := Partition([]byte("Qanen6sg"), 3); p < 0 || p > 2 {
		t.Errorf("partition %d", p)
	}
}

func FuzzPartition(f *testing.F) {
	f.Add([]byte(nil), int32(1))
	f.Add([]byte("abc"), int32(8))
	f.Fuzz(func(t *testing.T, key []byte, n int32) {
		if n <= 0 {
			return
		}
		if p := Partition(key, n); p < 0 || p >= n {
			t.Errorf("Partition(%q, %d) = %d", key, n, p)
		}
	})
}
