package engine_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
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

// BenchmarkHotKeys is messages a second through a processor that counts 100,000 keys, on disk, from a stream with a record for each
// message and from a packed one. CPU is that of the whole process, the broker's included.
func BenchmarkHotKeys(b *testing.B) {
	const keys, partitions = 100_000, 8
	for name, packed := range map[string]bool{"plain": false, "packed": true} {
		b.Run(name, func(b *testing.B) {
			s := setup(b)
			p := &kernel.Processor{
				Name: "counter", Group: "test-counter", Own: varints("test-counter-table"),
				Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
					row, _, err := t.Own().Get(m.Key)
					if err != nil {
						return err
					}
					n, ok := row.(*int)
					if !ok {
						n = new(int)
					}
					*n++
					return t.Own().Set(m.Key, n)
				}}},
			}
			s.topics(only(p), partitions)
			s.fill("in", partitions, b.N, packed, func(i int) []byte { return fmt.Appendf(nil, "key-%06d", i*7919%keys) })
			db, err := store.Open(store.Options{Dir: b.TempDir(), Name: "bench"})
			s.check(err)
			defer db.Close()
			before := cpu(b)
			b.ResetTimer()
			r := s.start(only(p), on(db), func(o *engine.Options) {
				o.BatchRecords, o.Memory.Rows = 10_000_000, cache.NewBudget(256<<20)
			}).started()
			r.settle()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/message")
			b.ReportMetric(float64(s.size("in"))/float64(b.N), "bytes/message")
			s.check(r.stop())
		})
	}
}

// varints is a table of integers that handlers change in place.
func varints(name string) *kernel.Table {
	return &kernel.Table{
		Topic:  kernel.Topic{Name: name, Table: true},
		Encode: func(row any) ([]byte, error) { return binary.AppendVarint(nil, int64(*row.(*int))), nil },
		Decode: func(data []byte) (any, error) {
			n, _ := binary.Varint(data)
			return new(int(n)), nil
		},
	}
}

// fill writes n messages of 20 bytes into a topic, each to the partition of its key.
func (b *bundle) fill(topic string, partitions int32, n int, packed bool, key func(i int) []byte) {
	b.t.Helper()
	packs := make([]pack.Builder, partitions)
	value := []byte("0123456789")
	send := func(r *kgo.Record) { b.kafka.Produce(b.ctx, r, func(_ *kgo.Record, err error) { b.check(err) }) }
	flush := func(partition int) {
		m := packs[partition].Record()
		packs[partition].Reset()
		r := &kgo.Record{Topic: topic, Partition: int32(partition), Key: m.Key, Value: m.Value}
		for _, h := range m.Headers {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
		send(r)
	}
	now := time.Now()
	for i := range n {
		k := key(i)
		partition := cluster.Partition(k, partitions)
		if !packed {
			send(&kgo.Record{Topic: topic, Partition: partition, Key: k, Value: value})
			continue
		}
		if !packs[partition].Add(k, value, now, nil) {
			flush(int(partition))
			packs[partition].Add(k, value, now, nil)
		}
	}
	for p := range packs {
		if packs[p].Len() > 0 {
			flush(p)
		}
	}
	b.check(b.kafka.Flush(b.ctx))
}

// size is the bytes of a topic's log.
func (b *bundle) size(topic string) int64 {
	b.t.Helper()
	dirs, err := b.admin.DescribeAllLogDirs(b.ctx, nil)
	b.check(err)
	var size int64
	dirs.Each(func(d kadm.DescribedLogDir) {
		d.Topics.Each(func(p kadm.DescribedLogDirPartition) {
			if p.Topic == topic {
				size += p.Size
			}
		})
	})
	return size
}

// cpu is the time that the process has used, in nanoseconds.
func cpu(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
