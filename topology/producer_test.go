package topology_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

func TestProducedRecordsAreConsumed(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	when := time.UnixMilli(1_600_000_000_000)
	const n = 100
	for i := range int64(n) {
		opts := []topology.EmitOption{topology.At(when), topology.WithHeader("h", []byte("x")), topology.WithHeader("h", fmt.Append(nil, i))}
		if err := topology.Produce(t.Context(), w.out, events, fmt.Sprintf("k%d", i%7), i, opts...); err != nil {
			t.Fatal(err)
		}
	}
	if err := topology.ProduceDelete(t.Context(), w.out, events, "k0"); err != nil {
		t.Fatal(err)
	}
	w.flush()
	ctx, cancel := context.WithCancel(w.ctx())
	defer cancel()
	last := map[string]int64{}
	partition := map[string]int32{}
	seen, deleted := 0, 0
	err := topology.Consume(ctx, w.cfg, events, func(_ context.Context, r *topology.Record[string, int64]) error {
		if p, ok := partition[r.Key]; ok && p != r.Partition() {
			t.Errorf("key %q is in partitions %d and %d", r.Key, p, r.Partition())
		}
		partition[r.Key] = r.Partition()
		if seen++; seen == n+1 {
			cancel()
		}
		if r.Deleted {
			deleted++
			return nil
		}
		if before, ok := last[r.Key]; ok && before >= r.Value {
			t.Errorf("key %q: %d after %d", r.Key, r.Value, before)
		}
		last[r.Key] = r.Value
		if h, _ := r.Header("h"); string(h) != strconv.FormatInt(r.Value, 10) || len(r.Headers()) != 2 {
			t.Errorf("headers %v", r.Headers())
		}
		if !r.Timestamp().Equal(when) {
			t.Errorf("time %s", r.Timestamp())
		}
		return nil
	})
	if err != nil || seen != n+1 || deleted != 1 {
		t.Errorf("consumed %d records and %d deletes, %v", seen, deleted, err)
	}
}

func TestConsumeEndsWithTheErrorOfItsHandler(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	if err := topology.Produce(t.Context(), w.out, events, "k", 1); err != nil {
		t.Fatal(err)
	}
	w.flush()
	stop := errors.New("enough")
	if err := topology.Consume(w.ctx(), w.cfg, events, func(context.Context, *topology.Record[string, int64]) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Consume: %v", err)
	}
	other := topology.NewStream("events", codecs.Int64(), count)
	if err := topology.Consume(w.ctx(), w.cfg, other, func(context.Context, *topology.Record[int64, int64]) error { return nil }); !errors.Is(err, topology.ErrDecode) {
		t.Errorf("Consume with another codec: %v", err)
	}
	absent := topology.NewStream("absent", text, count)
	if err := topology.Consume(w.ctx(), w.cfg, absent, func(context.Context, *topology.Record[string, int64]) error { return nil }); err == nil {
		t.Error("Consume of a topic that does not exist")
	}
}

func TestProducerReportsWhatWasNotDelivered(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	p, err := topology.OpenProducer(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.broker.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		produce := req.(*kmsg.ProduceRequest)
		response := produce.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range produce.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
			for _, partition := range topic.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = partition.Partition, 10 // message too large
				rt.Partitions = append(rt.Partitions, rp)
			}
			response.Topics = append(response.Topics, rt)
		}
		return response, nil, true
	})
	if err := topology.Produce(t.Context(), p, events, "k", 1); err != nil {
		t.Fatal(err)
	}
	if err := p.Flush(w.ctx()); err == nil {
		t.Error("Flush does not report the record that was refused")
	}
	if err := p.Flush(w.ctx()); err != nil {
		t.Errorf("Flush reports it again: %v", err)
	}
	if err := topology.Produce(t.Context(), p, events, "k", 2); err != nil {
		t.Errorf("Produce after the report: %v", err)
	}
	if err := topology.Produce(w.ctx(), p, topology.NewStream("absent", text, count), "k", 1); err == nil {
		t.Error("a topic that does not exist was written")
	}
	if err := p.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := topology.Produce(w.ctx(), p, events, "k", 3); err == nil {
		t.Error("a closed producer sends")
	}
}
