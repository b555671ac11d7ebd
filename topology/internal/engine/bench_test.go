package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/store"
)

// chain is n counters, each fed by the one before it.
func chain(n int) *kernel.Topology {
	k := only()
	for i := range n {
		p, out := counter()
		p.Name = fmt.Sprintf("p%d", i)
		p.Group = "test-" + p.Name
		p.Own = counts(p.Group + "-table")
		p.Inputs[0].Topic = topic(fmt.Sprintf("s%d", i))
		out.Topic = topic(fmt.Sprintf("s%d", i+1))
		k.Processors = append(k.Processors, p)
	}
	return k
}

// BenchmarkHop sends one record through a chain of six stateful processors and waits until all is at rest: sent, read, processed,
// stored and marked six times.
func BenchmarkHop(b *testing.B) {
	s := setup(b)
	k := chain(6)
	s.topics(k, 8)
	r := s.start(k).started()
	r.settle()
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		rec := sender.Record{Topic: "s0", Partition: cluster.Partition([]byte("key"), 8), Key: []byte("key"), Timestamp: start}
		s.check(r.outside.Send(s.ctx, rec, func(int64, error) {}))
		r.settle()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
	s.check(r.stop())
}

// BenchmarkSettle is a settle of six processors with nothing to do.
func BenchmarkSettle(b *testing.B) {
	s := setup(b)
	k := chain(6)
	s.topics(k, 8)
	r := s.start(k).started()
	for b.Loop() {
		r.settle()
	}
	s.check(r.stop())
}

// BenchmarkThroughput is records a second through one processor that updates a row, on disk, and emits for each.
func BenchmarkThroughput(b *testing.B) {
	for _, keys := range []int{10_000, 500_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			s := setup(b)
			k := only()
			p, _ := counter()
			k.Processors = append(k.Processors, p)
			s.topics(k, 8)
			records := make([]*kgo.Record, b.N)
			value := make([]byte, 100)
			for i := range records {
				key := "key-" + strconv.Itoa(i*7919%keys)
				records[i] = &kgo.Record{Topic: "in", Partition: cluster.Partition([]byte(key), 8), Key: []byte(key), Value: value}
			}
			for part := range slices.Chunk(records, 10_000) {
				s.produce(part...)
			}
			clear(records)
			db, err := store.Open(store.Options{Dir: b.TempDir(), Name: "bench"})
			s.check(err)
			defer db.Close()
			b.ResetTimer()
			r := s.start(k, on(db)).started()
			r.settle()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			s.check(r.stop())
		})
	}
}

// BenchmarkLoop is one record that goes round a loop.
func BenchmarkLoop(b *testing.B) {
	s := setup(b)
	p, loop := looper()
	k := only(p)
	s.topics(k, 8)
	r := s.start(k).started()
	_ = loop
	b.ResetTimer()
	s.produce(keyed("in", 8, "a", strconv.Itoa(b.N)))
	r.settle()
	b.StopTimer()
	s.check(r.stop())
}

// looper sends each record back to itself as often as its value says, and counts.
func looper() (*kernel.Processor, *kernel.Output) {
	loop := &kernel.Output{Topic: topic("test-looper-loop")}
	handle := func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		if _, err := bump(t, m.Key); err != nil {
			return err
		}
		n, err := strconv.Atoi(string(m.Value))
		if err != nil || n == 0 {
			return err
		}
		return t.Emit(loop, m.Key, []byte(strconv.Itoa(n-1)), m.Timestamp, nil)
	}
	return &kernel.Processor{
		Name: "looper", Group: "test-looper", Own: counts("test-looper-table"),
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: handle}},
		Loop:   &kernel.Loop{Topic: loop.Topic, Handle: handle, Out: loop},
	}, loop
}
