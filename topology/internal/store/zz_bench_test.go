package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

func BenchmarkMany(b *testing.B) {
	db, err := Open(Options{Dir: b.TempDir(), Name: "x", CacheBytes: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	tab := table(b, db, "t")
	const rows = 1_000_000
	key := func(i int) []byte { return fmt.Appendf(nil, "page:%09d", i*2) }
	for from := 0; from < rows; from += 10_000 {
		batch := db.Batch()
		for i := from; i < from+10_000; i++ {
			batch.Set(tab, key(i), bytes.Repeat([]byte{byte(i)}, 200))
		}
		if err := batch.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	db.Flush()
	// some fresh rows in the memtable
	batch := db.Batch()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		batch.Set(tab, key(rng.IntN(rows)), bytes.Repeat([]byte{1}, 200))
	}
	batch.Commit()
	p := db.backend.(disk).db
	for name, gen := range map[string]func() [][]byte{
		"random":  func() (k [][]byte) { for range 256 { k = append(k, key(rng.IntN(rows))) }; return },
		"near":    func() (k [][]byte) { at := rng.IntN(rows - 1000); for range 256 { k = append(k, key(at+rng.IntN(600))) }; return },
		"missing": func() (k [][]byte) { for range 256 { n := rng.IntN(rows); k = append(k, fmt.Appendf(nil, "page:%09d", n*2+1)) }; return },
		"few":     func() (k [][]byte) { for range 8 { k = append(k, key(rng.IntN(rows))) }; return },
	} {
		b.Run(name+"/unsorted-get", func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, k := range gen() { tab.Get(k); n++ }
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/key")
		})
		b.Run(name+"/sorted-get", func(b *testing.B) {
			n := 0
			for b.Loop() {
				ks := gen()
				slices.SortFunc(ks, bytes.Compare)
				for _, k := range ks { tab.Get(k); n++ }
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/key")
		})
		b.Run(name+"/iter", func(b *testing.B) {
			n := 0
			for b.Loop() {
				ks := gen()
				slices.SortFunc(ks, bytes.Compare)
				lo, hi := tab.bounds(nil, nil)
				it, err := p.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
				if err != nil { b.Fatal(err) }
				var buf []byte
				for _, k := range ks {
					buf = appendKey(buf[:0], spaceRow, tab.id, k)
					n++
					if it.SeekGE(buf) && bytes.Equal(it.Key(), buf) {
						v, _ := it.ValueAndErr()
						_ = append(make([]byte, 0, len(v)), v...)
					}
				}
				it.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/key")
		})
		b.Run(name+"/iter-prefix", func(b *testing.B) {
			n := 0
			for b.Loop() {
				ks := gen()
				slices.SortFunc(ks, bytes.Compare)
				it, err := p.NewIter(&pebble.IterOptions{})
				if err != nil { b.Fatal(err) }
				var buf []byte
				for _, k := range ks {
					buf = appendKey(buf[:0], spaceRow, tab.id, k)
					n++
					if it.SeekPrefixGE(buf) && bytes.Equal(it.Key(), buf) {
						v, _ := it.ValueAndErr()
						_ = append(make([]byte, 0, len(v)), v...)
					}
				}
				it.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/key")
		})
	}
}
