package gokagroup

import (
	"context"
	"errors"
	"slices"

	"github.com/IBM/sarama"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// Session is the membership in one generation of the group.
type Session struct {
	// Member is who commits offsets.
	Member cluster.Member
	// Partitions are those assigned, in order.
	Partitions []int32

	ctx context.Context
	end context.CancelCauseFunc
}

// NewSession returns a session of a group that nobody coordinates. It ends with ctx, or by [Session.End].
func NewSession(ctx context.Context, m cluster.Member, partitions []int32) *Session {
	ctx, end := context.WithCancelCause(ctx)
	return &Session{Member: m, Partitions: partitions, ctx: ctx, end: end}
}

func newSession(s sarama.ConsumerGroupSession, group, instance string, end context.CancelCauseFunc) *Session {
	out := &Session{
		Member: cluster.Member{Group: group, ID: s.MemberID(), Generation: s.GenerationID(), Instance: instance},
		ctx:    s.Context(), end: end,
	}
	for _, partitions := range s.Claims() {
		for _, p := range partitions {
			if !slices.Contains(out.Partitions, p) {
				out.Partitions = append(out.Partitions, p)
			}
		}
	}
	slices.Sort(out.Partitions)
	return out
}

// Context is done when the session ends: at a rebalance, at a stop, by [Session.End], or because the group does not answer.
func (s *Session) Context() context.Context { return s.ctx }

// Has reports whether the partition is assigned.
func (s *Session) Has(partition int32) bool { return slices.Contains(s.Partitions, partition) }

// End ends the session. The member joins again.
func (s *Session) End(cause error) { s.end(cause) }

// Rejoin ends the session like a rebalance: the member joins again, and may finish before what it has processed.
func (s *Session) Rejoin(cause error) { s.end(rejoining{cause}) }

// rejoining is the cause of the context of a session that [Session.Rejoin] ended.
type rejoining struct{ error }

func (r rejoining) Unwrap() error { return r.error }

// ended is the cause of the context of a session that [Session.End] ended.
type ended struct{ error }

func (e ended) Unwrap() error { return e.error }

// Current reports whether the group may still count this member among those of the session's generation. Before the members have joined
// again after a rebalance, and at a stop, it does, and what was processed may be finished. In every other case it does not: the member was
// thrown out, or its heartbeats were not answered.
func (s *Session) Current() bool {
	return s.ctx.Err() == nil || currentCause(context.Cause(s.ctx))
}

// currentCause reports whether a session with this cause of its end was ended by the group's own course, or by us.
func currentCause(cause error) bool {
	if errors.As(cause, new(rejoining)) {
		return true
	}
	if errors.As(cause, new(ended)) {
		return false
	}
	for _, own := range []error{
		context.Canceled, sarama.ErrRebalanceInProgress, sarama.ErrSessionPartitionCountChanged, sarama.ErrSessionConsumeClaimExited,
	} {
		if errors.Is(cause, own) {
			return true
		}
	}
	return false
}

// silentSession is what Goka sees of a session: its marks go nowhere.
type silentSession struct {
	sarama.ConsumerGroupSession
}

func (silentSession) MarkOffset(string, int32, int64, string)     {}
func (silentSession) ResetOffset(string, int32, int64, string)    {}
func (silentSession) MarkMessage(*sarama.ConsumerMessage, string) {}
func (silentSession) Commit()                                     {}

// silentClaim is what Goka sees of a claim: no record ever comes. Goka's reading of it ends with the session.
type silentClaim struct {
	sarama.ConsumerGroupClaim
}

// Messages implements [sarama.ConsumerGroupClaim].
func (silentClaim) Messages() <-chan *sarama.ConsumerMessage { return nil }
