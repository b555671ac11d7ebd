package cache

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A row in the manner of rows: some fixed fields, lists of structs with texts, a set of numbers, a map.
type row struct {
	ID      int64
	Name    *name
	When    time.Time
	History []span
	Sets    [4][]int64
	Props   map[string]string
}

type name struct {
	Namespace int32
	Text      string
}

type span struct {
	From int64
	Name name
}

func makeRow(rng *rand.Rand) *row {
	text := func() string { return strings.Repeat("x", rng.IntN(40)) }
	r := &row{ID: rng.Int64(), Name: &name{1, text()}, When: time.Now(), Props: map[string]string{}}
	for range rng.IntN(20) {
		r.History = append(r.History, span{rng.Int64(), name{2, text()}})
	}
	for i := range r.Sets {
		for range rng.IntN(30) {
			r.Sets[i] = append(r.Sets[i], rng.Int64N(1<<40))
		}
	}
	for range rng.IntN(12) {
		r.Props[text()] = text()
	}
	return r
}

// heap is what is reachable.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// What is estimated, from encodings and a few measurements, is what the values take in the heap, within a seventh.
func TestEstimateIsWhatTheHeapSays(t *testing.T) { //nolint:paralleltest // measures the heap
	rng := rand.New(rand.NewPCG(1, 2))
	encoded := make([][]byte, 20_000)
	for i := range encoded {
		encoded[i], _ = json.Marshal(makeRow(rng)) //nolint:musttag // read back below
	}
	before := heap()
	values := make([]any, len(encoded))
	for i, data := range encoded {
		r := new(row)
		if err := json.Unmarshal(data, r); err != nil { //nolint:musttag // written above
			t.Fatal(err)
		}
		values[i] = r
	}
	taken := float64(heap() - before - int64(16*len(values)))
	var m Meter
	estimated, measured := 0, 0
	for i, v := range values {
		estimated += m.Estimate(v, len(encoded[i]))
		measured += Size(v)
	}
	runtime.KeepAlive(values)
	if ratio := float64(measured) / taken; ratio < 0.9 || ratio > 1.1 {
		t.Errorf("measured %d bytes, the heap grew by %.0f", measured, taken)
	}
	if ratio := float64(estimated) / taken; ratio < 0.86 || ratio > 1.14 {
		t.Errorf("estimated %d bytes, the heap grew by %.0f", estimated, taken)
	}
	t.Logf("heap %.1f MB, measured %.3f, estimated %.3f of it", taken/1e6, float64(measured)/taken, float64(estimated)/taken)
}

func TestSize(t *testing.T) {
	t.Parallel()
	type ring struct{ next *ring }
	loop := new(ring)
	loop.next = loop
	for _, test := range []struct {
		name        string
		value       any
		least, most int
	}{
		{"nothing", nil, 0, 0},
		{"a number", int64(1 << 40), 8, 8},
		{"a text", strings.Repeat("x", 100), 116, 128},
		{"bytes", make([]byte, 10, 100), 136, 136},
		{"a pointer to nothing", (*row)(nil), 0, 0},
		{"what refers to itself", loop, 8, 8 * maxSteps},
		{"a long list", make([]name, 1_000_000), 24_000_000, 26_000_000},
		{"a long list of texts", strings.Split(strings.Repeat("12345678,", 100_000), ","), 2_200_000, 2_800_000},
		{"a map of numbers", map[int64]int64{1: 1}, 150, 250},
		{"a time", new(time.Now()), 24, 32},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Size(test.value); got < test.least || got > test.most {
				t.Errorf("%d bytes, want %d to %d", got, test.least, test.most)
			}
		})
	}
}

// A line is found through points that lie on one, followed when it moves, and not led astray by values of one size.
func TestMeterLearns(t *testing.T) {
	t.Parallel()
	m := Meter{seen: measuredFirst}
	for x := range 100 {
		m.learn(float64(x), 500+3*float64(x))
	}
	if got := m.Estimate(nil, 1000); got < 3499 || got > 3501 {
		t.Errorf("estimate %d, want 3500", got)
	}
	var level Meter
	for range 100 {
		level.learn(20, 480)
	}
	if got := int(level.constant + level.slope*20); got != 480 {
		t.Errorf("estimate %d, want 480", got)
	}
	for range 2000 {
		level.learn(20, 960)
	}
	if got := int(level.constant + level.slope*20); got < 950 {
		t.Errorf("estimate %d, want 960", got)
	}
}

func BenchmarkEstimate(b *testing.B) {
	r := makeRow(rand.New(rand.NewPCG(1, 2)))
	var m Meter
	for b.Loop() {
		m.Estimate(r, 1000)
	}
}

func BenchmarkSize(b *testing.B) {
	r := makeRow(rand.New(rand.NewPCG(1, 2)))
	for b.Loop() {
		Size(r)
	}
}
