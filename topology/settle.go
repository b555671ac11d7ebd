package topology

import (
	"context"
	"errors"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
)

// Settle waits until the topology is at rest, which is known from within the process and not guessed: everything that the app
// sent, through [App.Producer] too, is acknowledged; every record of every input and loop partition is processed and marked;
// every joined or looked-up table has applied its topic's end. What other processes write counts as far as it was in the log at
// the call. If nothing is to be done it takes two requests to a broker.
//
// Where other processes do a part of the work it also asks the brokers for what they have committed, as [AtRest] does, until
// all is. That takes some hundred milliseconds.
//
// It waits for [App.Ready] first. It returns the error of ctx, that which stopped the app or one of its processors, or [ErrNotRunning].
func (a *App) Settle(ctx context.Context) error {
	select {
	case <-a.started:
	case <-a.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-a.ended:
		return a.outcome()
	default:
	}
	for {
		before, alone := a.engine.Whole()
		if err := a.settleOwn(ctx); err != nil {
			return err
		}
		after, still := a.engine.Whole()
		switch {
		case len(a.part.Processors) == len(a.whole.Processors) && alone && still && before == after:
			return nil
		case before != after:
			continue
		}
		rest, err := atRest(ctx, a.client, a.whole, a.cfg.Logger)
		if err != nil || rest {
			return err
		}
		select {
		case <-time.After(commitPoll):
		case <-a.ended:
			return a.outcome()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// commitPoll is a little less than the time in which members commit what they have done.
const commitPoll = 100 * time.Millisecond

// settleOwn waits until this app's own part is at rest.
func (a *App) settleOwn(ctx context.Context) error {
	err := a.engine.Settle(ctx)
	if err != nil && a.engine.Halted() != nil {
		return err // the app itself goes on
	}
	var failed *engine.ProcessError
	if errors.As(err, &failed) || errors.Is(err, ErrNotRunning) {
		select {
		case <-a.ended: // so that all who ask get the same error
			return a.outcome()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// outcome is what Settle says after the end.
func (a *App) outcome() error {
	if a.err != nil {
		return a.err
	}
	return ErrNotRunning
}

// CreateTopics makes the topics of t that do not exist, with the partitions, replication and retention of cfg, and checks those
// that do. The error names everything that does not fit. [App.Run] does the same, but for topics that are only read.
func CreateTopics(ctx context.Context, t *Topology, cfg Config) error {
	client, err := openClient(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	return cluster.EnsureTopics(ctx, client, cfg.withDeadLetters(t.kernel), cfg.withDefaults().topicPolicy())
}

// openClient opens a client for one question.
func openClient(cfg Config) (*cluster.Client, error) {
	if err := errors.Join(cfg.connectionProblems()...); err != nil {
		return nil, err
	}
	return cluster.Open(cfg.withDefaults().settings())
}
