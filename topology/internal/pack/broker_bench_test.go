package pack_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

const (
	flood      = 1_000_000 // messages of an iteration
	partitions = 8
)

// BenchmarkBroker sends a million small messages through a topic, with broker, producer and consumer in this process and nothing else: what
// a stream costs before any engine. Of packs it varies how many messages a batch has for all partitions together.
func BenchmarkBroker(b *testing.B) {
	messages := typical(50_000)
	b.Run("plain", func(b *testing.B) { through(b, messages, 0) })
	for _, batch := range []int{80, 800, 8000} {
		b.Run(fmt.Sprintf("packed/%d", batch), func(b *testing.B) { through(b, messages, batch) })
	}
}

// written counts the bytes of batches as they go to the broker.
type written struct{ bytes atomic.Int64 }

func (w *written) OnProduceBatchWritten(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.ProduceBatchMetrics) {
	w.bytes.Add(int64(m.CompressedBytes))
}

// through sends the messages over and over, as packs where batch is not 0.
func through(b *testing.B, messages []kernel.Message, batch int) {
	cl := broker.Start(b, broker.Options{})
	opts := cluster.Franz(cluster.Settings{Brokers: cl.ListenAddrs()})
	var w written
	producer, err := kgo.NewClient(append(opts, kgo.WithHooks(&w), kgo.MaxBufferedRecords(100_000))...)
	if err != nil {
		b.Fatal(err)
	}
	defer producer.Close()
	if _, err := kadm.NewClient(producer).CreateTopic(b.Context(), partitions, 1, nil, "flood"); err != nil {
		b.Fatal(err)
	}
	consumer, err := kgo.NewClient(append(opts, kgo.ConsumeTopics("flood"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		b.Fatal(err)
	}
	defer consumer.Close()
	before, iterations := cpu(b), 0
	for b.Loop() {
		iterations++
		ctx, cancel := context.WithCancel(b.Context())
		sent := make(chan error, 1)
		go func() { sent <- send(ctx, producer, messages, batch) }()
		if err := receive(ctx, consumer); err != nil {
			b.Error(err)
			cancel()
		}
		if err := <-sent; err != nil {
			b.Error(err)
		}
		cancel()
	}
	n := float64(iterations) * flood
	b.ReportMetric(n/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/n, "cpu-ns/message")
	b.ReportMetric(float64(w.bytes.Load())/n, "broker-B/message")
}

// send sends a flood and waits for its acknowledgement.
func send(ctx context.Context, to *kgo.Client, messages []kernel.Message, batch int) error {
	var packs [partitions]pack.Builder
	produce := func(partition int32, m kernel.Message) {
		r := &kgo.Record{Topic: "flood", Partition: partition, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp}
		for _, h := range m.Headers {
			r.Headers = append(r.Headers, kgo.RecordHeader(h))
		}
		to.Produce(ctx, r, nil)
	}
	cut := func(partition int32) {
		if p := &packs[partition]; p.Len() > 0 {
			produce(partition, p.Record())
			p.Reset()
		}
	}
	for i := range flood {
		m := &messages[i%len(messages)]
		partition := cluster.Partition(m.Key, partitions)
		if batch == 0 {
			produce(partition, *m)
			continue
		}
		if p := &packs[partition]; !p.Add(m.Key, m.Value, m.Timestamp, nil) {
			cut(partition)
			p.Add(m.Key, m.Value, m.Timestamp, nil)
		}
		if i%batch == batch-1 || i == flood-1 {
			for p := range int32(partitions) {
				cut(p)
			}
		}
	}
	return to.Flush(ctx)
}

// receive takes a flood in.
func receive(ctx context.Context, from *kgo.Client) error {
	var messages []kernel.Message
	for n := 0; n < flood; {
		fetches := from.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); {
			var err error
			if messages, err = pack.Messages(it.Next(), messages[:0]); err != nil {
				return err
			}
			n += len(messages)
		}
	}
	return nil
}

// cpu is the time that the process has spent on all cores.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
