package gokagroup

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// patience is how long a test waits for what should come soon.
const patience = 30 * time.Second

// watcher is a host that tells what becomes of its sessions.
type watcher struct {
	started chan *Session
	ended   chan ending
}

// ending is a session that has ended, and whether it counted then.
type ending struct {
	session *Session
	current bool
}

func (w *watcher) Assigned(*Session) error { return nil }

func (w *watcher) Open(context.Context, *Session, string, int32) (func() error, error) {
	return func() error { return nil }, nil
}

func (w *watcher) Started(s *Session) error { w.started <- s; return nil }
func (w *watcher) Revoked(s *Session)       { w.ended <- ending{s, s.Current()} }
func (w *watcher) Failed(error, bool)       {}

// joinGroup joins the group of a processor with one input of one partition, until stop is called.
func joinGroup(t *testing.T, cl *kfake.Cluster) (w *watcher, stop func()) {
	t.Helper()
	client, err := cluster.Open(cluster.Settings{Brokers: cl.ListenAddrs(), SessionTimeout: 6 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	w = &watcher{started: make(chan *Session, 10), ended: make(chan ending, 10)}
	p := &kernel.Processor{Name: "p", Group: "test-p", Inputs: []*kernel.Input{{Topic: kernel.Topic{Name: "in"}}}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Spec{Processor: p, Partitions: 1, Client: client, Logger: slog.New(slog.DiscardHandler)}, w)
	}()
	return w, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the membership ended with %v", err)
		}
		client.Close()
	})
}

func receive[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// A session counts after its end where the group itself ended it in order, or the process stops: then what was processed may be
// finished. Whatever else ends it (heartbeats that fail or are not answered, a group that knows the member no more, its host), it does not.
func TestCurrent(t *testing.T) {
	t.Parallel()
	// end is how a session is ended; stop ends the process.
	type end func(t *testing.T, cl *kfake.Cluster, s *Session, stop func())
	// beats answers the member's heartbeats; a nil answer is none.
	beats := func(answer func(*kmsg.HeartbeatResponse) error) end {
		return func(_ *testing.T, cl *kfake.Cluster, s *Session, _ func()) {
			cl.ControlKey(int16(kmsg.Heartbeat), func(req kmsg.Request) (kmsg.Response, error, bool) {
				beat := req.(*kmsg.HeartbeatRequest)
				if beat.MemberID != s.Member.ID {
					return nil, nil, false
				}
				cl.KeepControl()
				if answer == nil {
					return nil, nil, true
				}
				resp := beat.ResponseKind().(*kmsg.HeartbeatResponse)
				err := answer(resp)
				return resp, err, true
			})
		}
	}
	code := func(e *kerr.Error) end {
		return beats(func(r *kmsg.HeartbeatResponse) error { r.ErrorCode = e.Code; return nil })
	}
	for name, c := range map[string]struct {
		end  end
		want bool
	}{
		"the connection breaks":       {beats(func(*kmsg.HeartbeatResponse) error { return errors.New("reset") }), false},
		"heartbeats are not answered": {beats(nil), false},
		"the member is not known":     {code(kerr.UnknownMemberID), false},
		"the generation is over":      {code(kerr.IllegalGeneration), false},
		"the group is not authorised": {code(kerr.GroupAuthorizationFailed), false},
		"the host ends it": {func(_ *testing.T, _ *kfake.Cluster, s *Session, _ func()) {
			s.End(errors.New("the lease is over"))
		}, false},
		"members are to join again": {code(kerr.RebalanceInProgress), true},
		"another member joins": {func(t *testing.T, cl *kfake.Cluster, _ *Session, _ func()) {
			_, stop := joinGroup(t, cl)
			t.Cleanup(stop)
		}, true},
		"the process stops": {func(_ *testing.T, _ *kfake.Cluster, _ *Session, stop func()) { stop() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := broker.Start(t, broker.Options{})
			makeInput(t, cl)
			w, stop := joinGroup(t, cl)
			t.Cleanup(stop)
			s := receive(t, "session", w.started)
			if !s.Current() {
				t.Error("a session that runs does not count")
			}
			c.end(t, cl, s, stop)
			e := receive(t, "end of the session", w.ended)
			if e.session != s || e.current != c.want || s.Current() != c.want {
				t.Errorf("the session counted: %t, and afterwards: %t; want %t; it ended by %v", e.current, s.Current(), c.want, context.Cause(s.Context()))
			}
		})
	}
}

// makeInput makes the input's topic.
func makeInput(t *testing.T, cl *kfake.Cluster) {
	t.Helper()
	c, err := kadm.NewOptClient(cluster.Franz(cluster.Settings{Brokers: cl.ListenAddrs()})...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.CreateTopic(t.Context(), 1, 1, nil, "in"); err != nil {
		t.Fatal(err)
	}
}
