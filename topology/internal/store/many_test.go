package store

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Many keys, near each other, far apart, or first the one and then the other, are what each is by itself.
func TestGetManyNearAndFar(t *testing.T) {
	t.Parallel()
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			tab := table(t, db, "t")
			batch := db.Batch()
			for i := range 2000 {
				if i%3 != 0 {
					batch.Set(tab, key(i), key(i+1))
				}
			}
			if err := errors.Join(batch.Commit(), db.Flush()); err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				var at int
				var keys [][]byte
				for range rapid.IntRange(0, 40).Draw(t, "keys") {
					at += rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(5, 30), rapid.IntRange(31, 400)).Draw(t, "step")
					keys = append(keys, key(at))
				}
				next := 0
				err := tab.GetMany(keys, func(i int, got []byte, ok bool) error {
					want, has, err := tab.Get(keys[i])
					if i != next || ok != has || !slices.Equal(got, want) {
						t.Errorf("key %d of %x is %x %t, want %x %t", i, keys, got, ok, want, has)
					}
					next++
					return err
				})
				if err != nil || next != len(keys) {
					t.Fatalf("%d of %d keys, %v", next, len(keys), err)
				}
			})
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func key(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
