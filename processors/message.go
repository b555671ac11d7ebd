package processors

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/eddystream/eddy/tables"
)

// messageID names a message of a cascade by the message that sent it and the row that gets it, so that a repeat of
// either has the same name. at tells several messages of one to one row apart.
func messageID(c tables.CascadeID, parent int64, receiver string, at int64) int64 {
	var d xxhash.Digest
	d.Reset()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(parent))
	binary.LittleEndian.PutUint64(b[8:], uint64(at))
	_, _ = d.WriteString(string(c)) // a hash never fails
	_, _ = d.Write(b[:])
	_, _ = d.WriteString(receiver)
	return int64(d.Sum64())
}

// rootMessage names the walk of a cascade through the row of its own root.
func rootMessage(c tables.Cascade) int64 {
	return messageID(c.ID, 0, tables.TitleTarget(c.RootTitle()).String(), 0)
}
