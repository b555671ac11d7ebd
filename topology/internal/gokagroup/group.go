package gokagroup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/cenkalti/backoff/v5"
	"github.com/lovoo/goka"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// outage is how long a group that cannot be joined is tried again before the membership ends with the error.
const outage = 2 * time.Minute

// group is the consumer group that Goka sees. Its Consume returns only at the end.
type group struct {
	sarama.ConsumerGroup
	m    *member
	errs chan error
	wg   sync.WaitGroup
}

// group is Goka's consumer group builder.
func (m *member) group(brokers []string, name, clientID string) (sarama.ConsumerGroup, error) {
	cfg := Sarama(m.spec.Client.Settings(), m.spec.Instance)
	cfg.ClientID = clientID
	cfg.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{NewSticky(m.spec.Held), goka.CopartitioningStrategy}
	inner, err := sarama.NewConsumerGroup(brokers, name, cfg)
	if err != nil {
		return nil, err
	}
	g := &group{ConsumerGroup: inner, m: m, errs: make(chan error)}
	g.wg.Go(g.watch)
	return g, nil
}

// Errors implements [sarama.ConsumerGroup]. Goka gets none: the host does.
func (g *group) Errors() <-chan error { return g.errs }

// Close implements [sarama.ConsumerGroup].
func (g *group) Close() error {
	err := g.ConsumerGroup.Close()
	g.wg.Wait()
	close(g.errs)
	return err
}

// watch reads the errors of the sessions. Sarama tries again, or ends the session, whatever they are.
func (g *group) watch() {
	for err := range g.ConsumerGroup.Errors() {
		// Sarama's own consumers are paused; where they were to begin, tasks begin as well, and say what is wrong there.
		if errors.Is(err, sarama.ErrOffsetOutOfRange) {
			continue
		}
		g.m.host.Failed(err, false)
	}
}

// Consume implements [sarama.ConsumerGroup]. It joins again after each session, until ctx is done.
func (g *group) Consume(ctx context.Context, topics []string, inner sarama.ConsumerGroupHandler) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 20*time.Millisecond, 5*time.Second
	var since time.Time // the first failure in a row
	for {
		// A stop is a stop, whatever its cause: what was processed may be finished.
		running, end := context.WithCancelCause(context.WithoutCancel(ctx))
		unwatch := context.AfterFunc(ctx, func() { end(context.Canceled) })
		h := &handler{g: g, inner: inner, end: func(cause error) { end(ended{cause}) }}
		err := g.ConsumerGroup.Consume(running, topics, h)
		unwatch()
		end(nil)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was stopped
		case h.err != nil:
			g.m.err = h.err
			return h.err
		case err != nil && final(err):
			g.m.err = fmt.Errorf("group %q: %w", g.m.spec.Processor.Group, denied(g.m.spec.Processor.Group, err))
			return err
		case h.ran:
			pause.Reset()
			since = time.Time{}
			continue
		}
		switch {
		case err == nil:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		if err != nil && time.Since(since) > outage {
			g.m.err = fmt.Errorf("group %q: no session for %s: %w", g.m.spec.Processor.Group, outage, err)
			return g.m.err
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			g.m.host.Failed(fmt.Errorf("joining again: %w", err), false)
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
			return nil
		}
	}
}

// denied names the right that is missing, if one is.
func denied(group string, err error) error {
	if errors.Is(err, sarama.ErrGroupAuthorizationFailed) {
		return &cluster.DeniedError{Kind: cluster.Group, Name: group, Right: "Read", Err: err}
	}
	return err
}

// final reports whether joining again cannot help.
func final(err error) bool {
	for _, f := range []error{
		sarama.ErrClosedConsumerGroup, sarama.ErrClosedClient, sarama.ErrFencedInstancedId, sarama.ErrGroupAuthorizationFailed,
		sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed, sarama.ErrSASLAuthenticationFailed,
		sarama.ErrInconsistentGroupProtocol, sarama.ErrInvalidSessionTimeout, sarama.ErrInvalidGroupId, errNotCopartitioned,
	} {
		if errors.Is(err, f) {
			return true
		}
	}
	return false
}

// handler stands between sarama and Goka, for one session.
type handler struct {
	g     *group
	inner sarama.ConsumerGroupHandler
	end   context.CancelCauseFunc

	session *Session
	ran     bool  // the session was started
	err     error // of the host, while the session was alive
}

// Setup implements [sarama.ConsumerGroupHandler].
func (h *handler) Setup(s sarama.ConsumerGroupSession) error {
	m := h.g.m
	h.session = newSession(s, m.spec.Processor.Group, m.spec.Instance, h.end)
	m.session = h.session
	m.forgetOpened()
	for _, step := range []func() error{
		func() error { return m.host.Assigned(h.session) },
		func() error { return h.inner.Setup(silentSession{s}) },
		func() error { return m.host.Started(h.session) },
	} {
		err := step()
		if s.Context().Err() != nil {
			return nil //nolint:nilerr // the session is over: whatever failed did so for that
		}
		if err != nil {
			h.err = m.why(err)
			return err
		}
	}
	h.ran = true
	return nil
}

// ConsumeClaim implements [sarama.ConsumerGroupHandler].
func (h *handler) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	h.g.ConsumerGroup.Pause(map[string][]int32{c.Topic(): {c.Partition()}})
	drained := make(chan struct{})
	go func() { // what sarama fetched before it was paused
		defer close(drained)
		for range c.Messages() {
		}
	}()
	err := h.inner.ConsumeClaim(silentSession{s}, silentClaim{c})
	<-drained
	return err
}

// Cleanup implements [sarama.ConsumerGroupHandler]. It runs after all claims have ended.
func (h *handler) Cleanup(s sarama.ConsumerGroupSession) error {
	h.g.m.host.Revoked(h.session)
	return h.inner.Cleanup(silentSession{s})
}
