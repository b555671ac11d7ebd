package engine

import "github.com/eddystream/eddy/topology/internal/kernel"

// Skipped implements [kernel.Task].
func (t *task) Skipped(reason string) {
	m := t.msg
	if m == nil {
		return
	}
	t.p.log.Debug("record skipped", "topic", m.Topic, "partition", m.Partition, "offset", m.Offset, "reason", reason)
	if f := t.p.e.opts.Observer.Skipped; f != nil {
		f(kernel.SkippedInfo{Processor: t.p.k.Name, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Reason: reason})
	}
}
