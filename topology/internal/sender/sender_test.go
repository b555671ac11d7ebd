package sender

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// openers are the implementations that the contract is tested on.
var openers = map[string]func(*cluster.Client, Options) (Sender, error){"plain": Open, "transactional": openInTransaction}

// openInTransaction opens a transactional sender with a transaction open.
func openInTransaction(client *cluster.Client, o Options) (Sender, error) {
	s, err := OpenTransactional(client, TransactionalOptions{Options: o, ID: "test", Timeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	return s, s.Begin()
}

type bundle struct {
	broker *kfake.Cluster
	client *cluster.Client
	sender Sender
	ends   *Ends
}

const topic = "records"

// setup runs a broker with a topic of four partitions, and a sender to it.
func setup(t testing.TB, open func(*cluster.Client, Options) (Sender, error), o Options) bundle {
	t.Helper()
	b := broker.Start(t, broker.Options{})
	client, err := cluster.Open(cluster.Settings{Brokers: b.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	topology := &kernel.Topology{Processors: []*kernel.Processor{{Name: "p", Outputs: []*kernel.Output{{Topic: kernel.Topic{Name: topic}}}}}}
	if err := cluster.EnsureTopics(t.Context(), client, topology, cluster.Policy{Partitions: 4}); err != nil {
		t.Fatal(err)
	}
	if o.Ends == nil {
		o.Ends = &Ends{}
	}
	s, err := open(client, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return bundle{b, client, s, o.Ends}
}

func onEach(t *testing.T, test func(t *testing.T, open func(*cluster.Client, Options) (Sender, error))) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

func TestRecordsArriveInOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(*cluster.Client, Options) (Sender, error)) {
		b := setup(t, open, Options{})
		const n = 4000
		acked := make([][]int64, 4)
		var mu sync.Mutex
		for i := range n {
			p := int32(i % 4)
			err := b.sender.Send(t.Context(), Record{Topic: topic, Partition: p, Key: fmt.Append(nil, i)}, func(offset int64, err error) {
				if err != nil {
					t.Errorf("record %d: %v", i, err)
				}
				mu.Lock()
				defer mu.Unlock()
				acked[p] = append(acked[p], offset)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := b.sender.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.sender.Pending(); got != 0 {
			t.Errorf("%d pending after Flush", got)
		}
		if txn, ok := b.sender.(Transactional); ok {
			if end, ok := b.ends.Of(kernel.TopicPartition{Topic: topic}); ok {
				t.Errorf("an end of %d before the commit", end)
			}
			commit(t, txn, 1)
		}
		for p := range int32(4) {
			if len(acked[p]) != n/4 {
				t.Fatalf("partition %d: %d acknowledged, want %d", p, len(acked[p]), n/4)
			}
			for i, offset := range acked[p] {
				if offset != int64(i) {
					t.Fatalf("partition %d: acknowledgement %d is of offset %d", p, i, offset)
				}
			}
			if end, ok := b.ends.Of(kernel.TopicPartition{Topic: topic, Partition: p}); end != n/4 || !ok {
				t.Errorf("partition %d: End %d, %t", p, end, ok)
			}
		}
		if _, ok := b.ends.Of(kernel.TopicPartition{Topic: "another"}); ok {
			t.Error("a topic that nothing was sent to has an end")
		}
		got := consume(t, b, n)
		next := [4]int{0, 1, 2, 3}
		for _, r := range got {
			if string(r.Key) != strconv.Itoa(next[r.Partition]) {
				t.Fatalf("partition %d: %q where %d was sent", r.Partition, r.Key, next[r.Partition])
			}
			next[r.Partition] += 4
		}
	})
}

// consume reads n records from the start.
func consume(t testing.TB, b bundle, n int) []*kgo.Record {
	t.Helper()
	kafka, err := kgo.NewClient(append(b.client.Kgo(), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	var got []*kgo.Record
	for len(got) < n {
		fetches := kafka.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		got = append(got, fetches.Records()...)
	}
	return got
}

func TestContentsOfRecords(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(*cluster.Client, Options) (Sender, error)) {
		b := setup(t, open, Options{})
		when := time.UnixMilli(1_000_000_000_123)
		headers := []kernel.Header{{Key: "h", Value: []byte("1")}, {Key: "h", Value: nil}, {Key: "", Value: []byte{}}}
		for _, r := range []Record{
			{Key: []byte("k"), Value: []byte("v"), Timestamp: when, Headers: headers},
			{Key: nil, Value: []byte{}},
			{Key: []byte{}, Value: nil},
		} {
			r.Topic, r.Partition = topic, 2
			if err := b.sender.Send(t.Context(), r, nil); err != nil {
				t.Fatal(err)
			}
		}
		got := consume(t, b, 3)
		if r := got[0]; string(r.Key) != "k" || string(r.Value) != "v" || !r.Timestamp.Equal(when) || r.Partition != 2 {
			t.Errorf("first record: %+v", r)
		}
		var gotHeaders []string
		for _, h := range got[0].Headers {
			gotHeaders = append(gotHeaders, fmt.Sprintf("%s=%s %t", h.Key, h.Value, h.Value == nil))
		}
		if diff := cmp.Diff([]string{"h=1 false", "h= true", "= false"}, gotHeaders); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
		if got[1].Key != nil || got[1].Value == nil {
			t.Errorf("no key and an empty value became %v, %v", got[1].Key, got[1].Value)
		}
		if got[2].Key == nil || got[2].Value != nil {
			t.Errorf("an empty key and a tombstone became %v, %v", got[2].Key, got[2].Value)
		}
	})
}

// hold lets produce requests wait until release is called.
func hold(b *kfake.Cluster) (release func()) {
	gate := make(chan struct{})
	b.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		b.SleepControl(func() { <-gate })
		return nil, nil, false
	})
	return sync.OnceFunc(func() { close(gate) })
}

func TestFullBufferHoldsSendBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(*cluster.Client, Options) (Sender, error)) {
		b := setup(t, open, Options{Room: NewRoom(10_000)})
		release := hold(b.broker)
		defer release()
		value := make([]byte, 4000)
		for range 2 {
			if err := b.sender.Send(t.Context(), Record{Topic: topic, Value: value}, nil); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := make(chan error)
		go func() {
			stopped <- b.sender.Send(ctx, Record{Topic: topic, Value: value}, func(int64, error) { t.Error("done of a record that was not taken") })
		}()
		cancel(nil)
		if err := <-stopped; !errors.Is(err, context.Canceled) {
			t.Errorf("Send into a full buffer returned %v", err)
		}
		if n := b.sender.Pending(); n != 2 {
			t.Errorf("%d pending, want 2", n)
		}
		if err := b.sender.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Flush with records out returned %v", err)
		}
		// A record that is larger than the buffer waits for all of it, and goes.
		big := make(chan error, 1)
		sent := make(chan error, 1)
		go func() {
			sent <- b.sender.Send(t.Context(), Record{Topic: topic, Value: make([]byte, 20_000)}, func(_ int64, err error) { big <- err })
		}()
		release()
		if err := errors.Join(<-sent, <-big); err != nil {
			t.Error(err)
		}
	})
}

func TestFlushIsNotHeldUpByLaterRecords(t *testing.T) {
	t.Parallel()
	f := newFlight(NewRoom(2*overhead), &Ends{})
	first, err := f.board(t.Context(), &Record{})
	if err != nil {
		t.Fatal(err)
	}
	flushed := make(chan error)
	go func() { flushed <- f.flush(t.Context()) }()
	for {
		f.mu.Lock()
		cut := first.cohort.ended
		f.mu.Unlock()
		if cut {
			break
		}
	}
	later, err := f.board(t.Context(), &Record{})
	if err != nil {
		t.Fatal(err)
	}
	first.land(0, nil, nil)
	if err := <-flushed; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a flush did not wait for the later record: %v", err)
	}
	later.land(1, nil, nil)
	if err := f.flush(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRetriesNeitherRepeatNorReorder(t *testing.T) {
	t.Parallel()
	b := setup(t, Open, Options{})
	// Every third request is done and its answer lost: the client cannot know and sends again.
	var mu sync.Mutex
	n := 0
	b.broker.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.broker.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		if n++; n%3 == 0 {
			return nil, errors.New("connection lost"), true
		}
		return nil, nil, false
	})
	const records = 2000
	for i := range records {
		if err := b.sender.Send(t.Context(), Record{Topic: topic, Key: fmt.Append(nil, i)}, nil); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			if err := b.sender.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.sender.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, r := range consume(t, b, records) {
		if string(r.Key) != strconv.Itoa(i) {
			t.Fatalf("record %d is %q", i, r.Key)
		}
	}
	if end, _ := b.ends.Of(kernel.TopicPartition{Topic: topic}); end != records {
		t.Errorf("end %d, want %d", end, records)
	}
	mu.Lock()
	defer mu.Unlock()
	if n < 3 {
		t.Errorf("only %d requests: none was lost", n)
	}
}

func TestUnknownTopicFails(t *testing.T) {
	t.Parallel()
	b := setup(t, Open, Options{})
	failed := make(chan error, 1)
	if err := b.sender.Send(t.Context(), Record{Topic: "absent"}, func(_ int64, err error) { failed <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("a record of a topic that does not exist was acknowledged")
	}
	failedPartition := make(chan error, 1)
	if err := b.sender.Send(t.Context(), Record{Topic: topic, Partition: 9}, func(_ int64, err error) { failedPartition <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-failedPartition; err == nil {
		t.Error("a record of a partition that does not exist was acknowledged")
	}
}

func TestCloseFailsWhatItCannotFinish(t *testing.T) {
	t.Parallel()
	b := setup(t, Open, Options{})
	s, err := Open(b.client, Options{})
	if err != nil {
		t.Fatal(err)
	}
	release := hold(b.broker)
	defer release()
	failed := make(chan error, 1)
	if err := s.Send(t.Context(), Record{Topic: topic}, func(_ int64, err error) { failed <- err }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	if err := <-failed; !errors.Is(err, ErrClosed) {
		t.Errorf("the record failed with %v", err)
	}
	if err := s.Send(t.Context(), Record{Topic: topic}, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}
}
