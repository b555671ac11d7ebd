package gokagroup

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/lovoo/goka"
	"github.com/lovoo/goka/codec"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Spec is a processor as its group sees it.
type Spec struct {
	Processor  *kernel.Processor
	Partitions int32 // of its inputs, its loop, its table and its joins
	Client     *cluster.Client
	// Instance makes the process a static member; empty: a dynamic one.
	Instance string
	// Standby has the tables of partitions opened that other members own.
	Standby bool
	// Held are partitions whose state is at hand, to begin with: where the group has not assigned them yet, this member asks for them.
	Held   []int32
	Logger *slog.Logger
}

// Host is told what happens to the membership. Its methods but Open are called one after the other.
type Host interface {
	// Assigned is called at the beginning of a generation, before a table is opened.
	Assigned(s *Session) error
	// Open brings a partition of a join to its end, and keeps it there until the returned function is called. It is also called for the group
	// table, which is the host's own concern, as its further stores are: Goka knows only one. The session is nil, or does not have the
	// partition, where the table is opened for a standby copy. Calls are concurrent. It returns when ctx is done.
	Open(ctx context.Context, s *Session, topic string, partition int32) (closeTable func() error, err error)
	// Started is called when all joins of the generation are open: processing begins.
	Started(s *Session) error
	// Revoked is called when the session is over, before its tables are closed, whether it had been started or not.
	Revoked(s *Session)
	// Failed is called with an error that ends the membership for good, and with those that do not, which are only worth a warning.
	Failed(err error, final bool)
}

// Run is a member of the processor's group until ctx is done, and then returns nil. Another error is one that joining again does not
// help: the group is not authorised, say, or Host refused to begin.
func Run(ctx context.Context, spec Spec, host Host) error {
	m := &member{spec: spec, host: host, log: spec.Logger}
	options := []goka.ProcessorOption{
		goka.WithClientID(spec.Client.Settings().ClientID),
		goka.WithLogger(gokaLog{spec.Logger}),
		goka.WithConsumerGroupBuilder(m.group),
		goka.WithStorageBuilder(m.storage),
		goka.WithConsumerSaramaBuilder(silentConsumers),
		goka.WithTopicManagerBuilder(m.topicManager),
		goka.WithProducerBuilder(m.producer),
	}
	if spec.Standby {
		options = append(options, goka.WithHotStandby(), goka.WithRecoverAhead())
	}
	var g *goka.Processor
	err := guard(func() (err error) {
		gg, err := graph(spec.Processor)
		if err != nil {
			return err
		}
		g, err = goka.NewProcessor(spec.Client.Settings().Brokers, gg, options...)
		return err
	})
	if err != nil {
		return fmt.Errorf("group %q: %w", spec.Processor.Group, err)
	}
	err = guard(func() error { return g.Run(ctx) })
	if m.err != nil {
		return m.err // as it was, and not as Goka's text
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("group %q: %w", spec.Processor.Group, m.why(err))
	}
	return nil
}

// member is what Goka's builders share.
type member struct {
	spec Spec
	host Host
	log  *slog.Logger

	session *Session // that which begins, or runs; written by sarama's goroutine while Goka opens nothing
	err     error    // that ended the membership

	mu      sync.Mutex
	openErr error // the first of a table that could not be opened
}

// opened keeps the error of a table that could not be opened: Goka makes text of it, and of those of the other tables.
func (m *member) opened(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.openErr == nil {
		m.openErr = err
	}
}

// forgetOpened is for the beginning of a session.
func (m *member) forgetOpened() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.openErr = nil
}

// why returns the error that was kept, and err if there is none.
func (m *member) why(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.openErr != nil {
		return m.openErr
	}
	return err
}

// graph is the processor as Goka knows it: all edges in bytes. The error is that of a program which has changed how Goka names loops and
// group tables.
func graph(p *kernel.Processor) (*goka.GroupGraph, error) {
	raw := new(codec.Bytes)
	var edges []goka.Edge
	for _, in := range p.Inputs {
		edges = append(edges, goka.Input(goka.Stream(in.Topic.Name), raw, never))
	}
	if p.Loop != nil {
		edges = append(edges, goka.Loop(raw, never))
	}
	if p.Own != nil {
		edges = append(edges, goka.Persist(raw))
	}
	for _, t := range p.Joins {
		edges = append(edges, goka.Join(goka.Table(t.Topic.Name), raw))
	}
	for _, o := range p.Outputs {
		edges = append(edges, goka.Output(goka.Stream(o.Topic.Name), raw))
	}
	g := goka.DefineGroup(goka.Group(p.Group), edges...)
	if p.Loop != nil && g.LoopStream().Topic() != p.Loop.Topic.Name {
		return nil, fmt.Errorf("its loop is topic %q, and %q for Goka (goka.SetLoopSuffix is not to be used)", p.Loop.Topic.Name, g.LoopStream().Topic())
	}
	if p.Own != nil && g.GroupTable().Topic() != p.Own.Topic.Name {
		return nil, fmt.Errorf("its table is topic %q, and %q for Goka (goka.SetTableSuffix is not to be used)", p.Own.Topic.Name, g.GroupTable().Topic())
	}
	return g, nil
}

// never is a callback of an input. Claims are silent.
func never(ctx goka.Context, _ any) {
	ctx.Fail(fmt.Errorf("a record of topic %q came through Goka", ctx.Topic()))
}

// guard calls fn and returns its error, or its panic as one: Goka panics where it is misused.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return fn()
}
