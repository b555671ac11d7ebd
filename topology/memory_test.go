package topology

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sum is what a plan has given away.
func (p MemoryPlan) sum() int64 {
	return p.Runtime + p.BlockCache + p.Memtables + p.Rows + p.Fetched + p.Sending + p.Batches + p.Garbage
}

// The smallest machine that is of use still is one, and the error of a smaller one names it.
func TestLeastMemory(t *testing.T) {
	t.Parallel()
	least := leastMemory(nil)
	if least < 64*mib || least > 100*mib {
		t.Errorf("%d bytes are the least", least)
	}
	if p, err := divide(least, nil); err != nil || p.sum() > least {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := divide(64*mib, nil); err == nil || !strings.Contains(err.Error(), strconv.FormatInt(least, 10)) {
		t.Errorf("64 MiB: %v", err)
	}
}

// What is divided adds up to the total, within a mebibyte, where no part is at its bound; it never exceeds it.
func TestDivide(t *testing.T) {
	t.Parallel()
	for _, total := range []int64{128 * mib, 256 * mib, 512 * mib, 2 << 30, 12 << 30} {
		p, err := divide(total, nil)
		if err != nil {
			t.Fatal(err)
		}
		if p.sum() > total || p.sum() < total-mib {
			t.Errorf("%d MiB: %d bytes are given away of %d: %+v", total/mib, p.sum(), total, p)
		}
		// Sane: the greatest parts are those that speed depends on, and Go has what it was given and the garbage of it.
		if p.BlockCache < total/16 || p.Rows < total/80 || p.Runtime < runtimeBytes {
			t.Errorf("%d MiB: %+v", total/mib, p)
		}
		if live := p.Rows + p.Fetched + p.Sending + p.Batches; p.GoLimit() < live*7/4 || p.GoLimit() > total*31/32-programBytes {
			t.Errorf("%d MiB: Go is limited to %d bytes, with %d and its garbage", total/mib, p.GoLimit(), live)
		}
		if p.queued()+4*int64(p.fetchBytes(10))*10 > p.Fetched && p.fetchBytes(10) > 64<<10 {
			t.Errorf("%d MiB: queues of %d and 10 clients of %d bytes exceed %d", total/mib, p.queued(), p.fetchBytes(10), p.Fetched)
		}
	}
}

// Whatever is given and whatever the total: parts that are given stay, the others are within their bounds, and the sum is no
// more than the total; or the error says how much it would take, and that is enough.
func TestDivideAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(1, 64<<30).Draw(t, "total")
		given := map[string]int64{}
		for _, p := range parts {
			if rapid.IntRange(0, 2).Draw(t, "given") == 0 {
				given[p.name] = rapid.Int64Range(1, 8<<30).Draw(t, p.name)
			}
		}
		plan, err := divide(total, given)
		if err != nil {
			least := leastMemory(given)
			if total >= least {
				t.Fatalf("%d bytes are refused, and %d are enough: %v", total, least, err)
			}
			if _, err := divide(least-1, given); err == nil {
				t.Fatalf("%d bytes are called the least, and one less is enough", least)
			}
			if plan, err = divide(least, given); err != nil {
				t.Fatal(err)
			}
			total = least
		}
		if plan.sum() > total {
			t.Fatalf("%d bytes of %d: %+v", plan.sum(), total, plan)
		}
		for _, p := range parts {
			bytes, ok := given[p.name]
			switch got := *p.field(&plan); {
			case ok && got != bytes:
				t.Fatalf("%s is %d, and was given as %d", p.name, got, bytes)
			case !ok && (got < p.least || got > p.most):
				t.Fatalf("%s is %d, not from %d to %d", p.name, got, p.least, p.most)
			}
		}
	})
}

func TestMemoryPlan(t *testing.T) {
	t.Parallel()
	p, err := Config{}.MemoryPlan()
	if err != nil || p.Total < leastMemory(nil) {
		t.Errorf("by default: %+v, %v", p, err)
	}
	p, err = Config{Memory: 1 << 30, StoreCache: 100 * mib, CacheBytes: 50 * mib, SendBuffer: 5_000_000}.MemoryPlan()
	if err != nil || p.BlockCache != 100*mib || p.Rows != 50*mib || p.Sending != 5_000_000 {
		t.Errorf("with parts of its own: %+v, %v", p, err)
	}
	if p, err = (Config{Memory: 128 * mib, MaxRecordBytes: 2 << 20}).MemoryPlan(); err != nil || p.Sending < 2<<20 {
		t.Errorf("with large records: %+v, %v", p, err)
	}
	for _, test := range []struct {
		cfg  Config
		want []string
	}{
		{Config{Memory: 10 * mib}, []string{"memory: 10485760 bytes are too little: at least"}},
		{Config{Memory: 64 * mib, StoreCache: 1 << 30, SendBuffer: 1 << 20}, []string{
			"memory: 67108864 bytes are too little with a block cache of 1073741824, a send buffer of 1048576: at least",
		}},
		{Config{Memory: -1}, []string{"memory: negative (-1)"}},
	} {
		test.cfg.Brokers, test.cfg.InMemory = []string{"host:9092"}, true
		err := test.cfg.Validate()
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, want %q", test.cfg, err, want)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	var p MemoryPlan
	if n := p.fetchBytes(0); n != 64<<10 {
		t.Errorf("a plan without memory has answers of %d bytes", n)
	}
	p = MemoryPlan{Fetched: math.MaxInt64}
	if n := p.fetchBytes(1); n != 1<<20 {
		t.Errorf("answers of %d bytes", n)
	}
}
