package topology

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/eddystream/eddy/topology/internal/machine"
	"github.com/eddystream/eddy/topology/internal/store"
)

// MemoryPlan is how the memory of an app is divided, in bytes. [Config.MemoryPlan] makes it. The parts from Runtime to Batches, with
// Garbage, add up to no more than Total.
//
// Each part bounds what is counted for it. What is not counted is little, and Runtime leaves room for it. The stores of an app
// that keeps them in memory (Config.InMemory), and views, come on top.
type MemoryPlan struct {
	// Total is Config.Memory, or its default.
	Total int64
	// Runtime is for the program, stacks, connections and the indexes of the store's files.
	Runtime int64
	// BlockCache is for blocks of the local store (Config.StoreCache), Memtables for what is not on disk yet.
	BlockCache, Memtables int64
	// Rows is for decoded rows, of all tables and partitions (Config.CacheBytes).
	Rows int64
	// Fetched is for records that were fetched and wait for their processor, and for fetch responses that wait to be decoded.
	Fetched int64
	// Sending is for records that are not acknowledged (Config.SendBuffer).
	Sending int64
	// Batches is for what was processed and is not committed.
	Batches int64
	// Garbage is what Go's collector may leave for later.
	Garbage int64
}

// GCPercent is the garbage collection target (GOGC) that [MemoryPlan.SetLimits] sets. It is high, so that the collector runs seldom while there
// is memory left; at the memory limit it runs earlier.
const GCPercent = 300

// The parts of what is left after Runtime. Memory on Go's heap is paid twice, for it leaves garbage.
const (
	mib = int64(1) << 20

	runtimeBytes = 80 * mib // and a sixteenth of the total; measured with six processors at eight partitions
)

// part is a share of the memory.
type part struct {
	name   string
	field  func(*MemoryPlan) *int64
	weight int64 // in hundredths of what is divided
	least  int64
	most   int64
	heap   bool // on Go's heap: costs as much again in garbage
}

var parts = []part{
	{"block cache", func(p *MemoryPlan) *int64 { return &p.BlockCache }, 20, mib, math.MaxInt64, false},
	{"memtables", func(p *MemoryPlan) *int64 { return &p.Memtables }, 12, 2 * mib, store.Memtables * 64 * mib, false},
	{"cache of rows", func(p *MemoryPlan) *int64 { return &p.Rows }, 14, mib, math.MaxInt64, true},
	{"fetched", func(p *MemoryPlan) *int64 { return &p.Fetched }, 10, mib, 128 * mib, true},
	{"send buffer", func(p *MemoryPlan) *int64 { return &p.Sending }, 10, mib, 64 * mib, true},
	{"batches", func(p *MemoryPlan) *int64 { return &p.Batches }, 12, mib, 256 * mib, true},
}

// times is how often a byte of the part is paid.
func (p part) times() int64 {
	if p.heap {
		return 2
	}
	return 1
}

// MemoryPlan divides the memory of an app: Config.Memory, or by default half of what the container (control groups of Linux) or the machine
// has. StoreCache, SendBuffer and CacheBytes take the place of their parts. It returns an error if the total is
// too small, which says what would do. It changes nothing.
func (c Config) MemoryPlan() (MemoryPlan, error) {
	given := c.setParts()
	total := c.Memory
	if total == 0 {
		total = max(machine.Memory()/2, leastMemory(given))
	}
	plan, err := divide(total, given)
	if record := int64(c.withDefaults().MaxRecordBytes); err == nil && c.SendBuffer == 0 && plan.Sending < record {
		given["send buffer"] = record // it holds one record at least
		plan, err = divide(total, given)
	}
	return plan, err
}

// setParts are the parts that fields set, by name.
func (c Config) setParts() map[string]int64 {
	given := map[string]int64{}
	for name, bytes := range map[string]int64{"block cache": c.StoreCache, "cache of rows": c.CacheBytes, "send buffer": int64(c.SendBuffer)} {
		if bytes > 0 {
			given[name] = bytes
		}
	}
	return given
}

// leastMemory is the least total that holds the given parts and the least of the others.
func leastMemory(given map[string]int64) int64 {
	need := runtimeBytes
	for _, p := range parts {
		bytes, ok := given[p.name]
		if !ok {
			bytes = p.least
		}
		need += p.times() * bytes
	}
	return (need*16 + 14) / 15 // of which a sixteenth is the runtime's
}

// divide divides a total. Parts that are given stay as they are.
func divide(total int64, given map[string]int64) (MemoryPlan, error) {
	if least := leastMemory(given); total < least {
		var set []string
		for _, p := range parts {
			if bytes, ok := given[p.name]; ok {
				set = append(set, fmt.Sprintf("%s of %d", p.name, bytes))
			}
		}
		with := ""
		if len(set) > 0 {
			with = " with a " + strings.Join(set, ", a ")
		}
		return MemoryPlan{}, fmt.Errorf("memory: %d bytes are too little%s: at least %d are needed", total, with, least)
	}
	plan := MemoryPlan{Total: total, Runtime: runtimeBytes + total/16}
	left := total - plan.Runtime
	open := slices.DeleteFunc(slices.Clone(parts), func(p part) bool {
		bytes, ok := given[p.name]
		if ok {
			left -= plan.set(p, bytes)
		}
		return ok
	})
	for {
		i, bytes := bounded(open, left)
		if i < 0 {
			break
		}
		left -= plan.set(open[i], bytes)
		open = slices.Delete(open, i, i+1)
	}
	for i, bytes := range shares(open, left) {
		plan.set(open[i], bytes)
	}
	return plan, nil
}

// shares divides what is left by weight.
func shares(open []part, left int64) []int64 {
	sum := int64(0)
	for _, p := range open {
		sum += p.weight
	}
	list := make([]int64, len(open))
	for i, p := range open {
		list[i] = int64(float64(left) * float64(p.weight) / float64(sum*p.times()))
	}
	return list
}

// bounded returns a part whose share is out of its bounds and what it gets instead: one with too little, or else one with too much;
// -1 if there is none.
func bounded(open []part, left int64) (int, int64) {
	list := shares(open, left)
	for i, p := range open {
		if list[i] < p.least {
			return i, p.least
		}
	}
	for i, p := range open {
		if list[i] > p.most {
			return i, p.most
		}
	}
	return -1, 0
}

// set gives a part its bytes and returns what they cost.
func (p *MemoryPlan) set(to part, bytes int64) int64 {
	*to.field(p) = bytes
	if to.heap {
		p.Garbage += bytes
	}
	return to.times() * bytes
}

// GoLimit is the memory limit for Go's runtime (GOMEMLIMIT), in bytes: the total, less the program itself, less the block cache and the
// memtables, which are outside of Go's heap if the program is built with cgo, and less a thirty-second, as a margin for both allocators.
func (p MemoryPlan) GoLimit() int64 {
	limit := p.Total - programBytes - p.Total/32
	if store.OffHeap {
		limit -= p.BlockCache + p.BlockCache/8 + p.Memtables // small pieces leave gaps
	}
	return limit
}

// programBytes is what the program's code and data take, mapped from its file.
const programBytes = 40 * mib

// SetLimits makes Go's runtime keep the plan: its memory limit is [MemoryPlan.GoLimit], and it collects when the heap has grown by
// [GCPercent]. These are settings of the whole process, so an app does not make them by itself: a program that is there to run one app calls this,
// once, before it starts. What the environment sets (GOMEMLIMIT, GOGC) stays.
func (p MemoryPlan) SetLimits() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(p.GoLimit())
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(GCPercent)
	}
}

// queued is what may wait for processors.
func (p MemoryPlan) queued() int64 { return p.Fetched / 2 }

// fetchBytes bounds one answer of a broker where that many clients read. It is compressed: in memory it takes some times as much.
func (p MemoryPlan) fetchBytes(clients int) int {
	const inflated = 4
	return int(min(max(p.Fetched/2/int64(inflated*max(clients, 1)), 64<<10), mib))
}
