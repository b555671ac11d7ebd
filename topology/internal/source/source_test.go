package source

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/wake"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const topic = "in"

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// bundle is a broker with one topic, and a producer.
type bundle struct {
	t      *testing.T
	client *cluster.Client
	kafka  *kgo.Client
}

func setup(t *testing.T, partitions int32) *bundle {
	t.Helper()
	cl := broker.Start(t, broker.Options{})
	client, err := cluster.Open(cluster.Settings{Brokers: cl.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	kafka, err := kgo.NewClient(client.Kgo()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	if _, err := kadm.NewClient(kafka).CreateTopic(t.Context(), partitions, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	return &bundle{t, client, kafka}
}

func (b *bundle) open(partitions int) *Source {
	b.t.Helper()
	s, err := Open(b.client, partitions, NewBudget(16<<20), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(s.Close)
	return s
}

// send writes n records of a size to a partition.
func (b *bundle) send(partition int32, n, size int) {
	b.t.Helper()
	var records []*kgo.Record
	rng := rand.NewChaCha8([32]byte{})
	for range n {
		value := make([]byte, size)
		_, _ = rng.Read(value) // does not compress; never fails
		records = append(records, &kgo.Record{Topic: topic, Partition: partition, Value: value})
	}
	if err := b.kafka.ProduceSync(b.t.Context(), records...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

// read reads until the partition is at an offset.
func read(t *testing.T, p *Partition, from, to int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for from < to {
		records, err := next(p, ctx.Done())
		if err != nil || len(records) == 0 {
			t.Fatalf("at offset %d: %d records, %v", from, len(records), err)
		}
		for _, r := range records {
			if r.Offset != from {
				t.Fatalf("offset %d, not %d", r.Offset, from)
			}
			from++
		}
	}
}

// Every partition is read in order, from where it was asked for, with what comes later.
// next waits for records until done is closed.
func next(p *Partition, done <-chan struct{}) ([]*kgo.Record, error) {
	for {
		if records, err := p.Poll(); len(records) > 0 || err != nil {
			return records, err
		}
		select {
		case <-p.wake:
		case <-done:
			return nil, nil
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	b := setup(t, 3)
	for partition := range int32(3) {
		b.send(partition, 10, 10)
	}
	s := b.open(3)
	oldest, middle, end := s.Read(topic, 0, -2, wake.New()), s.Read(topic, 1, 5, wake.New()), s.Read(topic, 2, 10, wake.New())
	read(t, oldest, 0, 10)
	read(t, middle, 5, 10)
	for partition := range int32(3) {
		b.send(partition, 10, 10)
	}
	read(t, end, 10, 20)
	read(t, middle, 10, 20)
	read(t, oldest, 10, 20)
}

// Partitions that never come do not keep the others waiting.
func TestReadFewerThanExpected(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	b.send(0, 10, 10)
	b.send(1, 10, 10)
	s := b.open(3)
	read(t, s.Read(topic, 0, 0, wake.New()), 0, 10)
	read(t, s.Read(topic, 1, 0, wake.New()), 0, 10)
}

// A partition whose reader does not come holds up no other, what waits for it is bounded, and none of it is lost.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	const n, size = 300, 50_000 // 15 MB
	s := b.open(2)
	slow, quick := s.Read(topic, 0, 0, wake.New()), s.Read(topic, 1, 0, wake.New())
	waited := 0
	for i := range n / 10 {
		b.send(0, 10, size)
		b.send(1, 1, 10)
		read(t, quick, int64(i), int64(i+1))
		slow.mu.Lock()
		waited = max(waited, slow.bytes)
		slow.mu.Unlock()
	}
	if waited > most+2<<20 {
		t.Errorf("%d bytes wait", waited)
	}
	read(t, slow, 0, n)
	s.Close()
	if slow.bytes != 0 || s.hungry.Load() != 2 || s.budget.Used() != 0 {
		t.Errorf("%d bytes wait, %d partitions are hungry, %d bytes are counted", slow.bytes, s.hungry.Load(), s.budget.Used())
	}
}

// All partitions of all sources keep one budget while nobody reads them, and each is read to its end by and by, in any order.
func TestBudget(t *testing.T) {
	t.Parallel()
	const partitions, n, size, bytes = 8, 40, 20_000, 1 << 20 // 6.4 MB, read twice
	b := setup(t, partitions)
	for p := range int32(partitions) {
		for range n {
			b.send(p, 1, size) // in batches that an answer can end behind
		}
	}
	budget := NewBudget(bytes)
	answer := 2 * b.client.Settings().FetchBytes
	for range 2 {
		s, err := Open(b.client, partitions, budget, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		var all []*Partition
		for p := range int32(partitions) {
			all = append(all, s.Read(topic, p, 0, wake.New()))
		}
		for i := range all {
			p := all[len(all)-1-i]
			read(t, p, 0, n)
			if used := budget.Used(); used > int64(bytes+2*answer) {
				t.Errorf("%d bytes wait", used)
			}
		}
	}
}

// What still waits when a source is closed is given back, once.
func TestBudgetAfterClose(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	b.send(0, 10, 1000)
	b.send(1, 10, 1000)
	budget := NewBudget(1 << 20)
	s, err := Open(b.client, 2, budget, nil)
	if err != nil {
		t.Fatal(err)
	}
	left, seen := s.Read(topic, 0, 0, wake.New()), s.Read(topic, 1, 0, wake.New())
	read(t, seen, 0, 10)
	s.Close()
	s.Close()
	done := make(chan struct{})
	close(done)
	if _, err := next(left, done); err != nil {
		t.Error(err)
	}
	if budget.Used() != 0 || budget.partitions.Load() != 0 {
		t.Errorf("%d bytes of %d partitions are counted", budget.Used(), budget.partitions.Load())
	}
}

// An offset that the log does not have is an error, not a jump. What was read before it is handed out first.
func TestOffsetOutOfRange(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.send(0, 10, 10)
	var offsets kadm.Offsets
	offsets.AddOffset(topic, 0, 5, -1)
	if _, err := kadm.NewClient(b.kafka).DeleteRecords(t.Context(), offsets); err != nil {
		t.Fatal(err)
	}
	p := b.open(1).Read(topic, 0, 3, wake.New())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	records, err := next(p, ctx.Done())
	if len(records) != 0 || !errors.Is(err, kerr.OffsetOutOfRange) {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// What is told to stop returns nothing.
func TestNextEnds(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	s := b.open(1)
	p := s.Read(topic, 0, 0, wake.New())
	done := make(chan struct{})
	close(done)
	if records, err := next(p, done); len(records) != 0 || err != nil {
		t.Errorf("%d records, %v", len(records), err)
	}
	s.Close()
	s.Close()
}
