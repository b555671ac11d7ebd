package kernel

import "fmt"

// Position says where the message is, as errors do: "topic"[partition]@offset, and #index behind it in a pack.
func (m *Message) Position() string {
	if m.Packed {
		return fmt.Sprintf("%q[%d]@%d#%d", m.Topic, m.Partition, m.Offset, m.Index)
	}
	return fmt.Sprintf("%q[%d]@%d", m.Topic, m.Partition, m.Offset)
}
