package store

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawProgress(t *rapid.T) Progress {
	p := Progress{
		Next:       rapid.Int64Range(0, 1<<62).Draw(t, "next"),
		Epoch:      rapid.Int64Range(0, 1<<62).Draw(t, "epoch"),
		StaleFrom:  rapid.Int64Range(0, 1<<62).Draw(t, "stale from"),
		StaleEpoch: rapid.Int64Range(0, 1<<62).Draw(t, "stale epoch"),
	}
	if ms := rapid.Int64Range(0, 1<<42).Draw(t, "as of"); ms > 0 {
		p.AsOf = time.UnixMilli(ms)
	}
	return p
}

func TestProgressRoundTrips(t *testing.T) {
	t.Parallel()
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			defer db.Close()
			tab := table(t, db, "t")
			if _, ok, err := tab.Progress(); ok || err != nil {
				t.Fatalf("a new table has a progress: %t, %v", ok, err)
			}
			rapid.Check(t, func(t *rapid.T) {
				want := drawProgress(t)
				b := db.Batch()
				b.SetProgress(tab, want)
				if err := b.Commit(); err != nil {
					t.Fatal(err)
				}
				if got, ok, err := tab.Progress(); got != want || !ok || err != nil {
					t.Fatalf("%+v was read as %+v, %t, %v", want, got, ok, err)
				}
			})
		})
	}
}

func FuzzDecodeProgress(f *testing.F) {
	f.Add([]byte("sixteen bytes..."))
	f.Add(encodeProgress(Progress{Next: 300, Epoch: 2, AsOf: time.UnixMilli(1_700_000_000_000), StaleFrom: 200, StaleEpoch: 1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodeProgress(data)
		if err != nil {
			return
		}
		again, err := decodeProgress(encodeProgress(p))
		if err != nil || again != p {
			t.Errorf("%x: %+v became %+v, %v", data, p, again, err)
		}
		if enc := encodeProgress(p); len(enc) > len(data) || len(enc) == len(data) && !bytes.Equal(enc, data) {
			t.Errorf("%x is spelled %x", data, enc)
		}
	})
}
