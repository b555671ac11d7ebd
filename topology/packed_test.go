package topology_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
	"github.com/eddystream/eddy/topology/topologytest"
)

// write appends a record to partition 1 of the stream events, as a batch with these messages is sent.
func (w *world) write(messages ...kernel.Message) {
	w.t.Helper()
	var b pack.Builder
	for _, m := range messages {
		if !b.Add(m.Key, m.Value, m.Timestamp, m.Headers) {
			w.t.Fatal("too many messages")
		}
	}
	m := b.Record()
	record := &kgo.Record{Topic: events.Topic(), Partition: 1, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp}
	for _, h := range m.Headers {
		record.Headers = append(record.Headers, kgo.RecordHeader(h))
	}
	kafka, err := kgo.NewClient(kgo.SeedBrokers(w.cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		w.t.Fatal(err)
	}
	defer kafka.Close()
	if err := kafka.ProduceSync(w.ctx(), record).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
}

// number is a message of the stream events.
func (w *world) number(key string, value int64) kernel.Message {
	w.t.Helper()
	data, err := count.Encode(value)
	if err != nil {
		w.t.Fatal(err)
	}
	return kernel.Message{Key: []byte(key), Value: data, Timestamp: time.UnixMilli(1000 + value), Headers: []kernel.Header{{Key: "n", Value: []byte(key)}}}
}

// at spells where a record was and what it is.
func at(r *topology.Record[string, int64]) string {
	where := strconv.FormatInt(r.Offset(), 10)
	if r.Packed() {
		where += fmt.Sprintf("#%d", r.Index())
	}
	header, _ := r.Header("n")
	return fmt.Sprintf("%s %s=%d %s %d", where, r.Key, r.Value, header, r.Timestamp().UnixMilli())
}

// Readers take messages out of packs, declared or not, mixed with plain records.
func TestPacksAreRead(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.write(w.number("a", 1), w.number("b", 2))
	w.write(w.number("c", 3))
	w.write(w.number("d", 4), w.number("e", 5), w.number("f", 6))
	want := []string{"0#0 a=1 a 1001", "0#1 b=2 b 1002", "1 c=3 c 1003", "2#0 d=4 d 1004", "2#1 e=5 e 1005", "2#2 f=6 f 1006"}
	for _, s := range []topology.Stream[string, int64]{events, events.Packed()} {
		var consumed, read, from, stopped []string
		ctx, cancel := context.WithCancel(w.ctx())
		err := topology.Consume(ctx, w.cfg, s, func(_ context.Context, r *topology.Record[string, int64]) error {
			if consumed = append(consumed, at(r)); len(consumed) == len(want) {
				cancel()
			}
			return nil
		})
		if err != nil || !slices.Equal(consumed, want) {
			t.Errorf("consumed %q, %v", consumed, err)
		}
		ends, err := topology.Ends(w.ctx(), w.cfg, s)
		if err != nil {
			t.Fatal(err)
		}
		err = topology.Read(w.ctx(), w.cfg, s, nil, ends, func(_ context.Context, r *topology.Record[string, int64]) error {
			read = append(read, at(r))
			return nil
		})
		if err != nil || !slices.Equal(read, want) {
			t.Errorf("read %q, %v", read, err)
		}
		ctx, cancel = context.WithCancel(w.ctx())
		err = topology.ConsumeFrom(ctx, w.cfg, s, topology.Positions{1: 2}, func(_ context.Context, r *topology.Record[string, int64]) error {
			if from = append(from, at(r)); len(from) == 3 {
				cancel()
			}
			return nil
		})
		if err != nil || !slices.Equal(from, want[3:]) {
			t.Errorf("consumed %q from offset 2, %v", from, err)
		}
		ctx, cancel = context.WithCancel(w.ctx())
		err = topology.Consume(ctx, w.cfg, s, func(_ context.Context, r *topology.Record[string, int64]) error {
			stopped = append(stopped, at(r))
			cancel()
			return nil
		})
		if err != nil || !slices.Equal(stopped, want[:1]) {
			t.Errorf("within a pack, what is told to stop goes on: %q, %v", stopped, err)
		}
	}
}

// ConsumeFrom begins where it is told, and where that is nowhere it says so or goes to the next place that there is.
func TestConsumeFromPositions(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.write(w.number("a", 1))
	nobody := func(_ context.Context, r *topology.Record[string, int64]) error { return fmt.Errorf("got %s", at(r)) }
	for _, from := range []topology.Positions{nil, {}} {
		if err := topology.ConsumeFrom(w.ctx(), w.cfg, events, from, nobody); err != nil {
			t.Errorf("from %v: %v", from, err)
		}
	}
	want := `consume "events": there is no partition 4, only 0 to 3`
	if err := topology.ConsumeFrom(w.ctx(), w.cfg, events, topology.Positions{4: 0}, nobody); err == nil || err.Error() != want {
		t.Errorf("from a partition that does not exist: %v, want %s", err, want)
	}
	enough := errors.New("enough")
	oldest := func(_ context.Context, r *topology.Record[string, int64]) error {
		if r.Value != 1 {
			t.Errorf("the oldest is %s", at(r))
		}
		return enough
	}
	if err := topology.ConsumeFrom(w.ctx(), w.cfg, events, topology.Positions{1: -7}, oldest); !errors.Is(err, enough) {
		t.Errorf("from before the start: %v", err)
	}
	// Behind the end is the end, and not the start again: the next record is one that is written while it is read.
	ctx, cancel := context.WithCancel(w.ctx())
	defer cancel()
	got := make(chan int64)
	ended := make(chan error, 1)
	go func() {
		ended <- topology.ConsumeFrom(ctx, w.cfg, events, topology.Positions{1: 99}, func(ctx context.Context, r *topology.Record[string, int64]) error {
			select {
			case got <- r.Value:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	for value := int64(2); ; value++ { // the reader has found the end once it gets one of these
		w.write(w.number("b", value))
		select {
		case first := <-got:
			if first < 2 {
				t.Errorf("behind the end is record %d", first)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			return
		case err := <-ended:
			t.Fatal(err)
		default:
		}
	}
}

// Errors name the message in its pack.
func TestErrorsNameTheIndex(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.write(w.number("a", 1), kernel.Message{Key: []byte("b"), Value: []byte("no number")})
	read := func() error {
		ends, err := topology.Ends(w.ctx(), w.cfg, events)
		if err != nil {
			t.Fatal(err)
		}
		return topology.Read(w.ctx(), w.cfg, events, nil, ends, func(context.Context, *topology.Record[string, int64]) error { return nil })
	}
	if err, want := read(), `cannot decode: value of record "events"[1]@0#1: `; !errors.Is(err, topology.ErrDecode) || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("a value: %v, want %s…", err, want)
	}
	for _, test := range []struct {
		e    topology.ProcessError
		want string
	}{
		{topology.ProcessError{Offset: 7}, `processor "p": record "t"[3]@7, key "k": boom`},
		{topology.ProcessError{Offset: 7, Packed: true}, `processor "p": record "t"[3]@7#0, key "k": boom`},
		{topology.ProcessError{Offset: 7, Packed: true, Index: 12}, `processor "p": record "t"[3]@7#12, key "k": boom`},
	} {
		test.e.Processor, test.e.Topic, test.e.Partition, test.e.Key, test.e.Err = "p", "t", 3, []byte("k"), errors.New("boom")
		if got := test.e.Error(); got != test.want {
			t.Errorf("error %s, want %s", got, test.want)
		}
	}
}

func TestDamagedPacksAreNamed(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	kafka, err := kgo.NewClient(kgo.SeedBrokers(w.cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	damaged := &kgo.Record{Topic: "events", Partition: 2, Value: []byte{9}, Headers: []kgo.RecordHeader{{Key: pack.HeaderKey}}}
	if err := kafka.ProduceSync(w.ctx(), damaged).FirstErr(); err != nil {
		t.Fatal(err)
	}
	err = topology.Consume(w.ctx(), w.cfg, events, func(context.Context, *topology.Record[string, int64]) error { return nil })
	want := `cannot decode: record "events"[2]@0: cannot read pack: head, byte 0: version 9 is not known, only 1`
	if !errors.Is(err, topology.ErrDecode) || err.Error() != want {
		t.Errorf("Consume: %v, want %s", err, want)
	}
}

// A producer writes plain records to a packed stream.
func TestProduceToAPackedStream(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	packed := events.Packed()
	if err := topology.Produce(w.ctx(), w.out, packed, "k", 5, topology.At(time.UnixMilli(9)), topology.WithHeader("n", []byte("x"))); err != nil {
		t.Fatal(err)
	}
	w.flush()
	enough := errors.New("enough")
	err := topology.Consume(w.ctx(), w.cfg, packed, func(_ context.Context, r *topology.Record[string, int64]) error {
		if got := at(r); got != "0 k=5 x 9" {
			t.Errorf("got %s", got)
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
}

// Nobody can send what would be read as a pack, or as a stamp.
func TestReservedHeadersAreRefused(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	out := topology.Output(p, stream("out"))
	topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		return out.Emit(r, r.Key, r.Value, topology.WithHeader("eddy-epoch", nil))
	})
	emitted := topologytest.Input(topologytest.New(t, mustBuild(t, b)), stream("in")).SendErr("k", 1)
	produced := topology.Produce(w.ctx(), w.out, events, "k", 1, topology.WithHeader("eddy-pack", []byte("1")))
	for err, want := range map[error]string{
		emitted:  `processor "p": record "in"[0]@0, key "k": cannot encode: header "eddy-epoch" of "out", key "k": it is the framework's own`,
		produced: `cannot encode: header "eddy-pack" of "events", key "k": it is the framework's own`,
	} {
		if !errors.Is(err, topology.ErrEncode) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// The driver packs like production: handlers see packs, and taps single messages.
func TestDriverOfPackedStreams(t *testing.T) {
	t.Parallel()
	mid := topology.NewStream("mid", text, codecs.Int64()).Packed()
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	to := topology.Output(p, mid)
	topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		return errors.Join(to.Emit(r, r.Key, r.Value), to.Emit(r, r.Key, r.Value+1))
	})
	q := topology.AddProcessor(b, "q", text)
	loop, out := topology.Loop(q, count), topology.Output(q, stream("out"))
	packed := map[string][]int{} // the indexes that were seen
	down := func(_ context.Context, r *topology.Record[string, int64]) error {
		if r.Packed() {
			packed[r.Topic()] = append(packed[r.Topic()], r.Index())
		}
		if r.Value > 0 {
			return loop.Send(r, r.Key, r.Value-1)
		}
		return out.Emit(r, r.Key, r.Value)
	}
	loop.Handle(down)
	topology.Input(q, mid).Handle(down)
	d := topologytest.New(t, mustBuild(t, b), topologytest.Batch(5))
	topologytest.Input(d, stream("in")).Send("k", 3)
	if got := topologytest.Output(d, mid).All(); len(got) != 2 || got[1].Value != 4 {
		t.Errorf("in between: %v", got)
	}
	if got := topologytest.Output(d, stream("out")).All(); len(got) != 2 {
		t.Errorf("out: %v", got)
	}
	// The two values go down side by side, until the smaller has arrived.
	want := map[string][]int{"mid": {0, 1}, "t-q-loop": {0, 1, 0, 1, 0, 1}}
	if diff := cmp.Diff(want, packed); diff != "" {
		t.Errorf("packs (-want +got):\n%s", diff)
	}
}
