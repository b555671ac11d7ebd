package engine

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

// outage is how long a group that cannot be joined is tried again before the run ends with the error.
const outage = 2 * time.Minute

// group is the consumer group that goka sees. Its Consume returns only at the end: after a rebalance goka would sleep for five seconds.
type group struct {
	sarama.ConsumerGroup
	p    *processor
	errs chan error
	wg   sync.WaitGroup
}

// group is the processor's goka consumer group builder.
func (p *processor) group(brokers []string, name, clientID string) (sarama.ConsumerGroup, error) {
	cfg := cluster.Sarama(p.e.opts.Client.Settings())
	cfg.ClientID = clientID
	cfg.Consumer.Return.Errors = true
	cfg.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{goka.CopartitioningStrategy}
	inner, err := sarama.NewConsumerGroup(brokers, name, cfg)
	if err != nil {
		return nil, err
	}
	g := &group{ConsumerGroup: inner, p: p, errs: make(chan error)}
	g.wg.Go(g.watch)
	return g, nil
}

// Errors implements [sarama.ConsumerGroup]. Goka gets none: what matters ends the run.
func (g *group) Errors() <-chan error { return g.errs }

// Close implements [sarama.ConsumerGroup].
func (g *group) Close() error {
	err := g.ConsumerGroup.Close()
	g.wg.Wait()
	close(g.errs)
	return err
}

// watch reads the errors of the sessions. A position that the log does not have is never skipped over; sarama retries all else.
func (g *group) watch() {
	for err := range g.ConsumerGroup.Errors() {
		if errors.Is(err, sarama.ErrOffsetOutOfRange) {
			pe := &ProcessError{Processor: g.p.k.Name, Offset: -1, Err: fmt.Errorf("the committed offset is not in the log: %w", err)}
			if ce, ok := errors.AsType[*sarama.ConsumerError](err); ok {
				pe.Topic, pe.Partition = ce.Topic, ce.Partition
			}
			g.p.e.fail(pe)
			continue
		}
		g.p.log.Warn("consumer group", "error", err)
	}
}

// Consume implements [sarama.ConsumerGroup]. It joins again after each rebalance, until ctx is done or the run has failed.
func (g *group) Consume(ctx context.Context, topics []string, inner sarama.ConsumerGroupHandler) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 20*time.Millisecond, 5*time.Second
	var since time.Time // the first failure in a row
	for {
		h := &handler{g: g, p: g.p, inner: inner}
		err := g.ConsumerGroup.Consume(ctx, topics, h)
		if ctx.Err() != nil {
			return g.p.e.failure()
		}
		if err == nil && h.a != nil {
			pause.Reset()
			since = time.Time{}
			continue
		}
		if h.setup != nil {
			return h.setup
		}
		if err != nil && final(err) {
			return err
		}
		if since.IsZero() {
			since = time.Now()
		}
		if err != nil && time.Since(since) > outage {
			return fmt.Errorf("no session for %s: %w", outage, err)
		}
		g.p.log.Warn("consumer group: joining again", "error", err)
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
			return g.p.e.failure()
		}
	}
}

// final reports whether joining again cannot help.
func final(err error) bool {
	for _, f := range []error{
		sarama.ErrClosedConsumerGroup, sarama.ErrClosedClient, sarama.ErrFencedInstancedId, sarama.ErrGroupAuthorizationFailed,
		sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed, sarama.ErrSASLAuthenticationFailed,
		sarama.ErrInconsistentGroupProtocol, sarama.ErrInvalidSessionTimeout, sarama.ErrInvalidGroupId,
	} {
		if errors.Is(err, f) {
			return true
		}
	}
	return false
}
