package changelog

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

var (
	// ErrStale says that a table is not what its changelog would make of it, and that reading on would not help.
	ErrStale = errors.New("table is stale")
	// ErrStore marks errors of the local store, which trying again does not help.
	ErrStore = errors.New("local store")
	// ErrStopped is returned by waits for a replica that has ended.
	ErrStopped = errors.New("replica has stopped")

	// errRecord marks a record that cannot be read.
	errRecord = errors.New("unreadable record")
)

// permanent reports whether trying again does not help.
func permanent(err error) bool {
	for _, target := range []error{ErrStore, ErrStale, errRecord, cluster.ErrStateMissing} {
		if errors.Is(err, target) {
			return true
		}
	}
	return cluster.Permanent(err)
}

// sayEvery is how often a wait is logged.
const sayEvery = 5 * time.Second

// throttle lets something be said at most every sayEvery.
type throttle struct{ last time.Time }

func (t *throttle) allow() bool {
	now := time.Now()
	if now.Sub(t.last) < sayEvery {
		return false
	}
	t.last = now
	return true
}

// attempts are the tries to read a partition. They belong to one goroutine.
type attempts struct {
	tp        kernel.TopicPartition
	reader    *Reader
	log       *slog.Logger
	absentFor time.Duration
	pause     *backoff.ExponentialBackOff
	absent    time.Time // since when the topic is; zero: it is there
	said      throttle
}

func (r *Reader) attempts(tp kernel.TopicPartition) *attempts {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 20*time.Millisecond, 2*time.Second
	return &attempts{tp: tp, reader: r, log: r.log, absentFor: r.absentFor, pause: pause}
}

// reset is for after a success.
func (a *attempts) reset() {
	a.pause.Reset()
	a.absent = time.Time{}
	a.reader.troubled(a.tp, nil)
}

// failed returns nil when it is time to try again. Otherwise it returns the error that ends the tries: err where it is permanent or the
// topic has been absent for long enough, with that of ctx where that is done.
func (a *attempts) failed(ctx context.Context, err error) error {
	switch {
	case !errors.Is(err, cluster.ErrNoTopic):
		a.absent = time.Time{}
	case a.absent.IsZero():
		a.absent = time.Now()
	case time.Since(a.absent) >= a.absentFor:
		return err
	}
	if permanent(err) {
		return cluster.Denied(err, cluster.Topic, a.tp.Topic, "Read")
	}
	if ctx.Err() == nil {
		a.reader.troubled(a.tp, err)
	}
	if ctx.Err() == nil && a.said.allow() {
		a.log.Warn("table topic is not read at present", "topic", a.tp.Topic, "partition", a.tp.Partition, "error", err)
	}
	select {
	case <-ctx.Done():
		a.reader.troubled(a.tp, nil) // nobody reads it any more
		return errors.Join(ctx.Err(), err)
	case <-time.After(a.pause.NextBackOff()):
		return nil
	}
}
