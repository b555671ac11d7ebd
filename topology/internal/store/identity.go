package store

import (
	"encoding/binary"
	"errors"
	"time"
)

// Identity is what the offset of a table refers to.
type Identity struct {
	// Cluster and Topic are the ids that the brokers gave; empty where they give none.
	Cluster, Topic string
	// Written is about when the table was last written or confirmed to be at its changelog's end.
	Written time.Time
}

// Same reports whether both are of one topic of one cluster.
func (id Identity) Same(other Identity) bool {
	return id.Cluster == other.Cluster && id.Topic == other.Topic
}

var errIdentity = errors.New("bytes are not an identity")

// encodeIdentity: milliseconds since 1970 (8 bytes), length of the cluster's id (varint), it, the topic's id.
func encodeIdentity(id Identity) []byte {
	buf := binary.BigEndian.AppendUint64(nil, uint64(id.Written.UnixMilli()))
	buf = binary.AppendUvarint(buf, uint64(len(id.Cluster)))
	buf = append(buf, id.Cluster...)
	return append(buf, id.Topic...)
}

func decodeIdentity(data []byte) (Identity, error) {
	if len(data) < 9 {
		return Identity{}, errIdentity
	}
	written := time.UnixMilli(int64(binary.BigEndian.Uint64(data)))
	size, n := binary.Uvarint(data[8:])
	rest := data[8:]
	if n <= 0 || size > uint64(len(rest)-n) {
		return Identity{}, errIdentity
	}
	rest = rest[n:]
	return Identity{Cluster: string(rest[:size]), Topic: string(rest[size:]), Written: written}, nil
}
