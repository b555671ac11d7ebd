package cluster

// Partition is the partition of a key among n: that of Kafka's default partitioner, murmur2 with the sign bit cleared,
// over the whole of hashed.
func Partition(hashed []byte, n int32) int32 { panic("todo") }
