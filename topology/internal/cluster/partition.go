package cluster

// Partition is the partition of a key among n, which is positive: that of Kafka's default partitioner, murmur2 with the
// sign bit cleared, modulo n, over the whole of hashed.
func Partition(hashed []byte, n int32) int32 {
	return int32(Hash(hashed)) % n
}

// Hash is murmur2 with the sign bit cleared.
func Hash(data []byte) uint32 { return murmur2(data) & 0x7fffffff }

// murmur2 is MurmurHash2 of 32 bits by Austin Appleby, with the seed that Kafka's clients use.
func murmur2(data []byte) uint32 {
	const (
		seed = 0x9747b28c
		m    = 0x5bd1e995
		r    = 24
	)
	h := seed ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h *= m
		h ^= k
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(data[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}
