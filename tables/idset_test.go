package tables

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestIDSetModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var set IDSet
		model := map[int64]bool{}
		id := rapid.Int64Range(0, rapid.SampledFrom([]int64{20, 3000, 1<<32 + 1, 1 << 40, math.MaxInt64}).Draw(t, "span"))
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			n := id.Draw(t, "id")
			if set.Has(n) != model[n] {
				t.Fatalf("Has(%d) = %t", n, !model[n])
			}
			var changed bool
			if rapid.IntRange(0, 3).Draw(t, "step") > 0 {
				set, changed = set.With(n)
				if changed == model[n] {
					t.Fatalf("With(%d) says new: %t", n, changed)
				}
				model[n] = true
			} else {
				set, changed = set.Without(n)
				if changed != model[n] {
					t.Fatalf("Without(%d) says removed: %t", n, changed)
				}
				delete(model, n)
			}
		}
		if want := slices.Sorted(maps.Keys(model)); !slices.Equal(want, set) {
			t.Fatalf("set %v, want %v", set, want)
		}
		got, err := DecodeIDSet(AppendIDSet(nil, set))
		if err != nil || !slices.Equal(got, set) {
			t.Fatalf("round trip of %v: %v, %v", set, got, err)
		}
	})
}

func TestIDSetSize(t *testing.T) {
	t.Parallel()
	dense := make(IDSet, 1<<14)
	for i := range dense {
		dense[i] = int64(1<<20 + i)
	}
	if n := len(AppendIDSet(nil, dense)); n > 2100 {
		t.Errorf("a full chunk of 2^14 takes %d bytes, want at most 2,100", n)
	}
	var sparse IDSet
	for range 500 {
		sparse, _ = sparse.With(rand.Int64N(1 << 20))
	}
	if n := len(AppendIDSet(nil, sparse)); n > 500*2+8 {
		t.Errorf("500 of a million ids take %d bytes, want about two each", n)
	}
}

func FuzzDecodeIDSet(f *testing.F) {
	f.Add([]byte{})
	f.Add(AppendIDSet(nil, IDSet{1, 2, 3, 1000}))
	f.Add(AppendIDSet(nil, IDSet{8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}))
	f.Add([]byte{idDeltas, 0xff, 0xff, 0xff, 0xff, 0x0f, 0})
	f.Add([]byte{idBitmap, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff})
	f.Add([]byte{7})
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := DecodeIDSet(data)
		if err != nil {
			if !errors.Is(err, ErrIDSet) {
				t.Fatalf("error %v does not wrap ErrIDSet", err)
			}
			return
		}
		if !slices.IsSorted(set) {
			t.Fatalf("%v is not sorted", set)
		}
		again, err := DecodeIDSet(AppendIDSet(nil, set))
		if err != nil || !slices.Equal(again, set) {
			t.Fatalf("round trip of %v: %v, %v", set, again, err)
		}
	})
}

func TestBits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) (Bits, map[int]bool) {
			var b Bits
			model := map[int]bool{}
			for _, i := range rapid.SliceOf(rapid.IntRange(0, 300)).Draw(t, label) {
				b.Add(i)
				model[i] = true
			}
			return b, model
		}
		a, inA := draw("a")
		b, inB := draw("b")
		covers := true
		for i := range inB {
			covers = covers && inA[i]
		}
		if a.Covers(b) != covers || a.Len() != len(inA) {
			t.Fatalf("%v covers %v: %t, length %d", inA, inB, !covers, a.Len())
		}
		union := slices.Clone(a)
		union.Union(b)
		for i := range 310 {
			if a.Has(i) != inA[i] || union.Has(i) != (inA[i] || inB[i]) {
				t.Fatalf("%d: a %t, union %t", i, a.Has(i), union.Has(i))
			}
			a.Remove(i)
		}
		if a.Len() != 0 {
			t.Fatalf("%d left", a.Len())
		}
	})
}
