package store

import (
	"encoding/binary"
	"errors"
)

// Identity is what the offset of a table refers to: ids that the brokers gave, empty where they give none.
type Identity struct {
	Cluster, Topic string
}

var errIdentity = errors.New("bytes are not an identity")

// encodeIdentity: length of the cluster's id (varint), it, the topic's id.
func encodeIdentity(id Identity) []byte {
	buf := binary.AppendUvarint(nil, uint64(len(id.Cluster)))
	buf = append(buf, id.Cluster...)
	return append(buf, id.Topic...)
}

func decodeIdentity(data []byte) (Identity, error) {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > uint64(len(data)-n) {
		return Identity{}, errIdentity
	}
	data = data[n:]
	return Identity{Cluster: string(data[:size]), Topic: string(data[size:])}, nil
}
