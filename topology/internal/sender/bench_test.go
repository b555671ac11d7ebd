package sender

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkSend sends records of 100 bytes to four partitions and waits for all.
func BenchmarkSend(b *testing.B) {
	for _, name := range []string{"plain", "transactional"} {
		b.Run(name, func(b *testing.B) {
			s := setup(b, openers[name], Options{}).sender
			value := make([]byte, 100)
			for i := range value {
				value[i] = byte(i)
			}
			n := 0
			began := time.Now()
			for b.Loop() {
				n++
				if err := s.Send(b.Context(), Record{Topic: topic, Partition: int32(n % 4), Key: value[:8], Value: value}, nil); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n)/time.Since(began).Seconds(), "records/s")
		})
	}
}

// BenchmarkHop sends one record at a time: what a hop of a loop pays.
func BenchmarkHop(b *testing.B) {
	for _, name := range []string{"plain", "transactional"} {
		b.Run(name, func(b *testing.B) {
			s := setup(b, openers[name], Options{}).sender
			acked := make(chan error, 1)
			n := 0
			for b.Loop() {
				n++
				if err := s.Send(b.Context(), Record{Topic: topic, Key: fmt.Append(nil, n)}, func(_ int64, err error) { acked <- err }); err != nil {
					b.Fatal(err)
				}
				if err := <-acked; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
