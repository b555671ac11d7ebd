package engine_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// After a settle everything that follows from what was sent is in the logs and stores, through loops and from processor to processor.
func TestSettle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := chain(4)
	loop, _ := looper()
	loop.Inputs[0].Topic = topic("loops")
	k.Processors = append(k.Processors, loop)
	b.topics(k, 8)
	r := b.start(k).started()
	for i := 1; i <= 200; i++ {
		key := "key" + strconv.Itoa(i%7)
		for topic, value := range map[string]string{"s0": "", "loops": strconv.Itoa(i % 4)} {
			rec := sender.Record{
				Topic: topic, Partition: cluster.Partition([]byte(key), 8), Key: []byte(key), Value: []byte(value), Timestamp: time.Now(),
			}
			b.check(r.outside.Send(b.ctx, rec, func(int64, error) {})) // not acknowledged yet
		}
		r.settle()
		if n := int(total(t, r, "s4")); n != i {
			t.Fatalf("after %d records the chain has emitted %d", i, n)
		}
	}
	want := 0
	for i := 1; i <= 200; i++ {
		want += i % 4
	}
	if n := total(t, r, "test-looper-loop"); int(n) != want {
		t.Errorf("%d records in the loop, want %d", n, want)
	}
}

// total is the number of records acknowledged in a topic of 8 partitions.
func total(t *testing.T, r *run, topic string) (n int64) {
	t.Helper()
	for p := range int32(8) {
		end, _ := r.ends.Of(kernel.TopicPartition{Topic: topic, Partition: p})
		n += end
	}
	return n
}

// Settle waits for what others wrote before the call, and for a backlog from before the start.
func TestSettleCountsWhatOthersWrote(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := chain(3)
	b.topics(k, 8)
	for i := range 500 {
		b.produce(keyed("s0", 8, strconv.Itoa(i), ""), keyed("s1", 8, strconv.Itoa(i), ""))
	}
	r := b.start(k)
	r.settle() // before it is ready, too
	if n := len(b.read("s3")); n != 1000 {
		t.Errorf("%d records came through", n)
	}
	b.produce(keyed("s0", 8, "x", ""))
	r.settle()
	if n := len(b.read("s3")); n != 1001 {
		t.Errorf("%d records came through", n)
	}
}

// Settle does not return while a handler runs or an acknowledgement is missing, and ends with its context.
func TestSettleWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	entered, leave := make(chan struct{}), make(chan struct{})
	inner := p.Inputs[0].Handle
	p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		entered <- struct{}{}
		<-leave
		return inner(ctx, t, m)
	}
	b.topics(only(p), 8)
	r := b.start(only(p)).started()
	settled := func() bool {
		ctx, cancel := context.WithTimeout(b.ctx, 50*time.Millisecond)
		defer cancel()
		err := r.Settle(ctx)
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		return err == nil
	}
	r.keep(ofTopic("test-counter-table"))
	b.produce(keyed("in", 8, "a", ""))
	await(t, entered)
	if settled() {
		t.Error("settled while a handler runs")
	}
	close(leave)
	r.heldBack(t)
	if settled() {
		t.Error("settled without the changelog's acknowledgement")
	}
	r.open()
	r.settle()
	if at := b.committed("test-counter", "in", 0); at > 1 {
		t.Error(at)
	}
	b.check(r.stop())
	if err := r.Settle(b.ctx); !errors.Is(err, engine.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

// A settle that waits is told of a failure.
func TestSettleOfAFailingRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	p.Inputs[0].Handle = func(context.Context, kernel.Task, *kernel.Message) error { return errTest }
	b.topics(only(p), 8)
	r := b.start(only(p)).started()
	b.produce(keyed("in", 8, "a", ""))
	if err := r.Settle(b.ctx); !errors.Is(err, errTest) {
		t.Errorf("settle: %v", err)
	}
}

// What others write in a transaction ends with a marker, which no reader ever gets: positions never reach the end of the log.
func TestSettleBehindTransactions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	p.Joins = []*kernel.Table{counts("joined")}
	p.Lookups = []*kernel.Table{counts("looked-up")}
	b.topics(only(p), 1)
	transact := func(commit kgo.TransactionEndTry) {
		kafka, err := kgo.NewClient(append(cluster.Franz(b.settings()), kgo.TransactionalID("other"))...)
		b.check(err)
		defer kafka.Close()
		b.check(kafka.BeginTransaction())
		b.check(kafka.ProduceSync(b.ctx, to("in", 0, "a", ""), to("joined", 0, "a", "1"), to("looked-up", 0, "a", "1")).FirstErr())
		b.check(kafka.EndTransaction(b.ctx, commit))
	}
	transact(kgo.TryCommit)
	r := b.start(only(p)).started()
	r.settle()
	transact(kgo.TryCommit)
	r.settle()
	transact(kgo.TryAbort)
	r.settle()
	if got := sprint(b.read("out")); len(got) != 2 {
		t.Errorf("emitted %v", got)
	}
}

// What a processor has committed goes from its loop, and nothing else.
func TestLoopsArePurged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, loop := looper()
	b.topics(only(p), 1)
	r := b.start(only(p), func(o *engine.Options) { o.PurgeInterval = 10 * time.Millisecond }).started()
	b.produce(to("in", 0, "a", "50"))
	r.settle()
	for {
		starts, err := b.admin.ListStartOffsets(b.ctx, loop.Topic.Name, "in")
		b.check(err)
		if in, _ := starts.Lookup("in", 0); in.Offset != 0 {
			t.Fatal("the input was purged")
		}
		if at, _ := starts.Lookup(loop.Topic.Name, 0); at.Offset == 50 {
			break
		}
	}
	r.settle()
	b.check(r.stop())
	r = b.start(only(p)).started()
	b.produce(to("in", 0, "a", "3"))
	r.settle()
	if rows := b.read("test-looper-table"); string(rows[len(rows)-1].Value) != "55" {
		t.Errorf("counted %s", rows[len(rows)-1].Value)
	}
}

// Any number may settle at once.
func TestSettleTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := chain(3)
	b.topics(k, 8)
	r := b.start(k).started()
	var all errgroup.Group
	for i := range 4 {
		all.Go(func() error {
			for j := range 20 {
				if err := b.kafka.ProduceSync(b.ctx, keyed("s0", 8, strconv.Itoa(i*100+j), "")).FirstErr(); err != nil {
					return err
				}
				if err := r.Settle(b.ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.check(all.Wait())
	if n := len(b.read("s3")); n != 80 {
		t.Errorf("%d records came through", n)
	}
}

// An engine that does not run yet has no partitions, and says so.
func TestWholeBeforeTheRun(t *testing.T) {
	t.Parallel()
	client, err := cluster.Open(setup(t).settings())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if version, whole := engine.New(engine.Options{Client: client}).Whole(); whole || version != 0 {
		t.Errorf("whole %t, version %d", whole, version)
	}
}
