package changelog

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// replica starts one, and returns how to stop it and the error of its run.
func (b *bundle) replica() (*Replica, func() error) {
	b.t.Helper()
	p, err := b.reader.NewReplica(context.Background(), ReplicaConfig{Topic: topic, Open: b.open})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop := func() error { cancel(); return <-ended }
	return p, stop
}

func (b *bundle) settle(p *Replica) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.Settle(ctx); err != nil {
		b.t.Fatal(err)
	}
}

func TestReplicaFollows(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	b.put(0, "a", "1", "gone", "1")
	p, stop := b.replica()
	<-p.Recovered()
	b.check(0, map[string]string{"a": "1", "gone": "1"})
	b.put(0, "a", "2", "gone", "")
	b.put(1, "b", "1")
	b.settle(p)
	b.check(0, map[string]string{"a": "2"})
	b.check(1, map[string]string{"b": "1"})
	b.transact(kgo.TryCommit, "a", "3")
	b.transact(kgo.TryAbort, "a", "aborted")
	b.settle(p) // the end of the log is markers
	b.check(0, map[string]string{"a": "3"})
	if p.Partitions() != 2 || p.Table(1) != b.table(1) {
		t.Error("Partitions or Table")
	}
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := p.Settle(t.Context()); err != nil {
		t.Errorf("Settle of a replica that stopped at the end: %v", err)
	}
	b.put(0, "a", "4")
	if err := p.Settle(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("Settle of a replica that stopped before the end: %v", err)
	}
}

func TestReplicaOutlivesTheBroker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := broker.Start(t, broker.Options{DataDir: dir})
	b := setupOn(t, first, 1, cluster.Policy{})
	b.put(0, "a", "1")
	p, stop := b.replica()
	<-p.Recovered()
	_, port, err := net.SplitHostPort(first.ListenAddrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	b.check(0, map[string]string{"a": "1"}) // served meanwhile
	broker.Start(t, broker.Options{DataDir: dir, Port: n})
	b.put(0, "a", "2")
	b.settle(p)
	b.check(0, map[string]string{"a": "2"})
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestReplicaOfTopicMadeAnewStops(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1", "b", "1")
	p, stop := b.replica()
	<-p.Recovered()
	b.recreate(1)
	b.put(0, "z", "1")
	<-p.stopped
	if err := stop(); err == nil {
		t.Error("the run ended without an error before it was stopped")
	}
	// Rows that readers were given are not taken away under them.
	b.check(0, map[string]string{"a": "1", "b": "1"})
}

// A topic that is made anew between the load and what follows it is not taken for the one that was loaded.
func TestFetchKnowsItsTopic(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	b.load(0)
	old, err := b.table(0).Identity()
	if err != nil {
		t.Fatal(err)
	}
	tp := kernel.TopicPartition{Topic: topic}
	if _, err := b.reader.fetcher.fetch(t.Context(), tp, old.Topic, 0); err != nil {
		t.Errorf("fetch of the topic that was loaded: %v", err)
	}
	b.recreate(1)
	b.put(0, "b", "1")
	if _, err := b.reader.fetcher.fetch(t.Context(), tp, "", 0); err == nil {
		t.Error("the old topic still answers")
	}
	if _, err := b.reader.fetcher.fetch(t.Context(), tp, "", 0); err != nil {
		t.Errorf("fetch of whichever topic has the name: %v", err)
	}
	if _, err := b.reader.fetcher.fetch(t.Context(), tp, old.Topic, 0); !errors.Is(err, errAnotherTopic) {
		t.Errorf("fetch of the topic that is gone: %v", err)
	}
	if _, err := b.reader.poller.subscribe(t.Context(), tp, old.Topic, 1); !errors.Is(err, errAnotherTopic) {
		t.Errorf("follow the topic that is gone: %v", err)
	}
}

func TestReplicaRebuildsOnlyAtTheStart(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	b.load(0)
	batch := b.db.Batch()
	batch.SetProgress(b.table(0), store.Progress{Next: 99, AsOf: time.Now()})
	if err := batch.Commit(); err != nil {
		t.Fatal(err)
	}
	var reason atomic.Value
	p, err := b.reader.NewReplica(t.Context(), ReplicaConfig{
		Topic: topic, Open: b.open,
		Loaded: func(_ int32, l Loaded) { reason.Store(l.Reason) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	<-p.Recovered()
	b.check(0, map[string]string{"a": "1"})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got, _ := reason.Load().(string); !strings.Contains(got, "past the end") {
		t.Errorf("reason %q", got)
	}
}
