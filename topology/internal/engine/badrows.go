package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// screen keeps out of a table of the processor what is no row of it, as the policy for what cannot be decoded says; nil where that is to
// stop: then nothing is looked at before a handler asks for the row. The owner's task tells of each; of a table that a
// processor of the topology owns, others say nothing.
func (p *processor) screen(def *kernel.Table, owner bool) *changelog.Screen {
	policy := p.onError.Of(kernel.PhaseDecode)
	if policy.Then <= kernel.ActionStop {
		return nil
	}
	tells := owner || !p.e.owned(def.Topic.Name)
	return &changelog.Screen{
		Check: func(key, value []byte) error { return checkRow(def, key, value) },
		Bad: func(ctx context.Context, r *kgo.Record, err error) error {
			if !tells {
				p.log.Debug("passes over what is no row", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset)
				return nil
			}
			return p.badRow(ctx, whole(r), err)
		},
	}
}

// screenLookup keeps out of a table that processors look up what is no row of it, if none of them wants to stop at that.
func (e *Engine) screenLookup(topic string) *changelog.Screen {
	var def *kernel.Table
	for _, k := range e.opts.Topology.Processors {
		for _, t := range k.Lookups {
			if t.Topic.Name != topic {
				continue
			}
			def = t
			if e.opts.onError(k).Decode.Then <= kernel.ActionStop {
				return nil
			}
		}
	}
	return &changelog.Screen{
		Check: func(key, value []byte) error { return checkRow(def, key, value) },
		Bad: func(_ context.Context, r *kgo.Record, err error) error {
			e.opts.Logger.Warn("lookup passes over what is no row", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset,
				"error", kernel.Cut(err.Error(), saidBytes))
			return nil
		},
	}
}

// owned reports whether a processor of the topology writes the table.
func (e *Engine) owned(topic string) bool {
	for _, k := range e.opts.Whole.Processors {
		if slices.ContainsFunc(k.OwnTables(), func(own *kernel.Table) bool { return own.Topic.Name == topic }) {
			return true
		}
	}
	return false
}

// checkRow says what is wrong with a row that no task has written.
func checkRow(def *kernel.Table, key, value []byte) error {
	return guard(func() error {
		if def.CheckKey != nil {
			if err := def.CheckKey(key); err != nil {
				return err
			}
		}
		if value == nil {
			return nil
		}
		_, err := def.Decode(value)
		return err
	})
}

// badRow tells of a record of a table that is passed over, and keeps it if that is the policy. It is not a part of any batch: it may be
// kept again when the table is loaded again.
func (p *processor) badRow(ctx context.Context, m *kernel.Message, err error) error {
	e := &ProcessError{
		Processor: p.k.Name, Phase: kernel.PhaseDecode, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Key: m.Key,
		Err: fmt.Errorf("no row: %w", err),
	}
	action := p.onError.Of(kernel.PhaseDecode).Then
	p.tell(e, action.String())
	if action != kernel.ActionDeadLetter {
		return nil
	}
	l := p.newLetter(m, e)
	l.Table = true
	sent := make(chan error, 1)
	if err := p.e.opts.Sender.Send(ctx, p.letterRecord(l), func(_ int64, err error) { sent <- err }); err != nil {
		return err
	}
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
