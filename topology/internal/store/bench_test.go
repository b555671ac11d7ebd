package store

import (
	"encoding/binary"
	"errors"
	"testing"
)

// BenchmarkCommit writes rows with their offset in batches of 1,000, at new keys in no order.
func BenchmarkCommit(b *testing.B) {
	for name, open := range backends {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			defer db.Close()
			tab := table(b, db, "t")
			value := make([]byte, 100)
			batch := db.Batch()
			n := 0
			for b.Loop() {
				n++
				batch.Set(tab, benchKey(n), value)
				if n%1000 == 0 {
					batch.SetProgress(tab, Progress{Next: int64(n)})
					if err := batch.Commit(); err != nil {
						b.Fatal(err)
					}
					batch = db.Batch()
				}
			}
			batch.Discard()
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkGet reads rows of a table of 200,000.
func BenchmarkGet(b *testing.B) {
	for name, open := range backends {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			defer db.Close()
			tab := table(b, db, "t")
			batch := db.Batch()
			for i := range 200_000 {
				batch.Set(tab, benchKey(i), make([]byte, 100))
			}
			if err := errors.Join(batch.Commit(), db.Flush()); err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				n++
				if _, ok, err := tab.Get(benchKey(n % 200_000)); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func benchKey(n int) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n)*0x9E3779B97F4A7C15)
}
