package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

const (
	// sayEvery is how often the troubles of a source are logged.
	sayEvery = 5 * time.Second
	// troubleFor is how long an error counts: while it lasts the client meets it again and again.
	troubleFor = 10 * time.Second
)

// trouble is an error that may pass.
type trouble struct {
	err error
	at  time.Time
}

// Lost reports whether an error of [Partition.Poll] says that the log does not have the offset that comes next.
func Lost(err error) bool {
	_, lost := errors.AsType[*kgo.ErrDataLoss](err)
	return lost || errors.Is(err, kerr.OffsetOutOfRange)
}

// LostBehind reports whether an error for which [Lost] is true says that the log is what it was below an offset.
func LostBehind(err error, offset int64) bool {
	loss, ok := errors.AsType[*kgo.ErrDataLoss](err)
	return ok && offset <= loss.ResetTo
}

// final returns the error of a fetch that trying again does not help. Others are remembered as a trouble, and logged now and then.
func (s *Source) final(f kgo.FetchTopicPartition) error {
	tp := kernel.TopicPartition{Topic: f.Topic, Partition: f.Partition}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case f.Err == nil:
		delete(s.troubles, tp)
		return nil
	case errors.Is(f.Err, context.Canceled), errors.Is(f.Err, kgo.ErrClientClosed), s.ctx.Err() != nil:
		return nil
	case Lost(f.Err):
		return f.Err
	case cluster.Permanent(f.Err):
		return cluster.Denied(f.Err, cluster.Topic, f.Topic, "Read")
	}
	now := time.Now()
	s.troubles[tp] = trouble{err: f.Err, at: now}
	if now.Sub(s.said) >= sayEvery {
		s.said = now
		s.log.Warn("input is not read at present", "topic", f.Topic, "partition", f.Partition, "error", f.Err)
	}
	return nil
}

// Trouble is why a partition is not read at present; nil if all are.
func (s *Source) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tp, t := range s.troubles {
		if time.Since(t.at) < troubleFor {
			return fmt.Errorf("topic %q, partition %d is not read at present: %w", tp.Topic, tp.Partition, t.err)
		}
	}
	return nil
}
