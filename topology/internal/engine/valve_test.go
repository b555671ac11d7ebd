package engine_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// valve stands behind the senders of a run. It can hold acknowledgements back, and fail records.
type valve struct {
	landing sync.Mutex // acknowledgements are told one after the other, as a client does
	mu      sync.Mutex
	hold    func(sender.Record) bool
	refuse  func(sender.Record) error
	held    []func()
	seen    chan sender.Record // each record held or refused
}

func newValve() *valve { return &valve{seen: make(chan sender.Record, 10_000)} }

func (v *valve) opens(client *cluster.Client) func(sender.Options) (sender.Sender, error) {
	return func(o sender.Options) (sender.Sender, error) {
		s, err := sender.Open(client, o)
		return gated{s, v}, err
	}
}

func (v *valve) opensTransactional(client *cluster.Client) func(sender.TransactionalOptions) (sender.Transactional, error) {
	return func(o sender.TransactionalOptions) (sender.Transactional, error) {
		s, err := sender.OpenTransactional(client, o)
		return gatedTransactional{s, v}, err
	}
}

type gated struct {
	sender.Sender
	v *valve
}

func (g gated) Send(ctx context.Context, r sender.Record, done func(int64, error)) error {
	return g.v.send(ctx, g.Sender, r, done)
}

type gatedTransactional struct {
	sender.Transactional
	v *valve
}

func (g gatedTransactional) Send(ctx context.Context, r sender.Record, done func(int64, error)) error {
	return g.v.send(ctx, g.Transactional, r, done)
}

func (v *valve) send(ctx context.Context, to sender.Sender, r sender.Record, done func(int64, error)) error {
	v.mu.Lock()
	hold := v.hold != nil && v.hold(r)
	var failure error
	if v.refuse != nil {
		failure = v.refuse(r)
	}
	v.mu.Unlock()
	switch {
	case failure != nil:
		go done(0, failure)
		v.seen <- r
		return nil //nolint:nilerr // done says it
	case !hold:
		return to.Send(ctx, r, func(offset int64, err error) {
			v.landing.Lock()
			defer v.landing.Unlock()
			done(offset, err)
		})
	}
	return to.Send(ctx, r, func(offset int64, err error) {
		if v.keeps(func() { done(offset, err) }) {
			v.seen <- r
		}
	})
}

// keeps holds an acknowledgement back, or lets it through where all is let through by now.
func (v *valve) keeps(done func()) bool {
	v.landing.Lock()
	defer v.landing.Unlock()
	v.mu.Lock()
	if v.hold == nil {
		v.mu.Unlock()
		done()
		return false
	}
	v.held = append(v.held, done)
	v.mu.Unlock()
	return true
}

// keep holds back the acknowledgements of the records that match.
func (v *valve) keep(match func(sender.Record) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hold = match
}

// fail fails the records for which match gives an error.
func (v *valve) fail(match func(sender.Record) error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.refuse = match
}

// refuseBatches refuses the records of a topic whose value has a text in it, as a broker does.
func (v *valve) refuseBatches(topic, text string) {
	v.fail(func(r sender.Record) error {
		if r.Topic == topic && strings.Contains(string(r.Value), text) {
			return kerr.MessageTooLarge
		}
		return nil
	})
}

// open lets everything through.
func (v *valve) open() {
	v.landing.Lock()
	defer v.landing.Unlock()
	v.mu.Lock()
	held := v.held
	v.hold, v.refuse, v.held = nil, nil, nil
	v.mu.Unlock()
	for _, done := range held {
		done()
	}
}

// await waits for the next record held or failed.
func (v *valve) heldBack(t testing.TB) sender.Record {
	t.Helper()
	select {
	case r := <-v.seen:
		return r
	case <-time.After(patience):
		t.Fatal("nothing was held back")
		return sender.Record{}
	}
}
