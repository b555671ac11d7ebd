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

// BenchmarkGetMany reads 256 rows at once of a table of 200,000: near each other, far apart, or not there.
func BenchmarkGetMany(b *testing.B) {
	const rows, many = 200_000, 256
	for name, open := range backends {
		db := open(b)
		tab := table(b, db, "t")
		batch := db.Batch()
		for i := range rows {
			batch.Set(tab, binary.BigEndian.AppendUint64(nil, uint64(2*i)), make([]byte, 100))
		}
		if err := errors.Join(batch.Commit(), db.Flush()); err != nil {
			b.Fatal(err)
		}
		for what, step := range map[string]struct{ by, off int }{"near": {2, 0}, "far": {2 * (rows / many), 0}, "absent": {2 * (rows / many), 1}} {
			b.Run(name+"/"+what, func(b *testing.B) {
				n := 0
				for b.Loop() {
					keys := make([][]byte, many)
					for i := range keys {
						keys[i] = binary.BigEndian.AppendUint64(nil, uint64(i*step.by+step.off+2*(n%(rows/many))))
					}
					n++
					if err := tab.GetMany(keys, func(int, []byte, bool) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*many), "ns/row")
			})
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchKey(n int) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n)*0x9E3779B97F4A7C15)
}
