package cache

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// model is a cache beside what it may answer: the last value of each key, and the keys that it has to know.
type model struct {
	cache  *Cache[*value]
	values map[string]*value
	pinned map[string]bool
}

type value struct {
	n      int
	pinned bool
}

func newModel(b *Budget) *model {
	m := &model{values: map[string]*value{}, pinned: map[string]bool{}}
	m.cache = New(b, func(e *Entry[*value]) bool { return e.Value.pinned })
	return m
}

// held sums up what the cache holds, by walking its entries.
func (m *model) held() int64 {
	sum := int64(0)
	for e := range m.cache.recent.all {
		sum += e.bytes
	}
	if s := m.cache.older.Load(); s != nil {
		for e := range s.queue.all {
			sum += e.bytes
		}
	}
	return sum
}

// Whatever is done to caches that share a budget, each answers nothing or what was put last, knows all that is pinned, and the budget's
// sum is that of the entries.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := NewBudget(rapid.Int64Range(0, 40_000).Draw(t, "budget"))
		caches := make([]*model, rapid.IntRange(1, 4).Draw(t, "caches"))
		for i := range caches {
			caches[i] = newModel(b)
		}
		n := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			m := caches[rapid.IntRange(0, len(caches)-1).Draw(t, "cache")]
			key := strconv.Itoa(rapid.IntRange(0, 20).Draw(t, "key"))
			bytes := rapid.IntRange(0, 4000).Draw(t, "bytes")
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0, 1, 2:
				n++
				v := &value{n: n, pinned: rapid.IntRange(0, 3).Draw(t, "pin") == 0}
				if e := m.cache.Get([]byte(key)); e != nil {
					e.Value = v
				} else {
					m.cache.Add(key, v, bytes)
				}
				m.values[key] = v
			case 3:
				if e := m.cache.Get([]byte(key)); e != nil {
					m.cache.Resize(e, bytes)
				}
			case 4:
				if e := m.cache.Get([]byte(key)); e != nil {
					m.cache.Remove(e)
					m.cache.Remove(e)
					m.cache.Resize(e, bytes)
					delete(m.values, key)
				}
			case 5:
				if v := m.values[key]; v != nil {
					v.pinned = false
				}
			case 6:
				b.used.Add(-m.cache.release()) // as another cache would
			case 7:
				if rapid.IntRange(0, 9).Draw(t, "clear") == 0 {
					m.cache.Clear()
					clear(m.values)
				}
			}
			for _, m := range caches {
				for key, v := range m.values {
					if v.pinned && m.cache.Get([]byte(key)) == nil {
						t.Fatalf("pinned entry %q was dropped", key)
					}
				}
			}
			if e := m.cache.Get([]byte(key)); e != nil && e.Value != m.values[key] {
				t.Fatalf("key %q has value %d", key, e.Value.n)
			}
			held := int64(0)
			for _, m := range caches {
				held += m.held()
			}
			if b.Used() != held {
				t.Fatalf("the budget counts %d bytes, there are %d", b.Used(), held)
			}
		}
		for _, m := range caches {
			m.cache.Close()
			m.cache.Close()
			if e := m.cache.Add("late", &value{}, 1); m.cache.Get([]byte(e.Key)) != nil {
				t.Fatal("a closed cache keeps what is added")
			}
		}
		if b.Used() != 0 || len(b.caches) != 0 {
			t.Fatalf("%d bytes of %d caches are left", b.Used(), len(b.caches))
		}
	})
}

// The entries used last stay.
func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	t.Parallel()
	c := New[int](NewBudget(100_000), nil)
	for i := range 10_000 {
		c.Add(strconv.Itoa(i), i, 1000)
		if e := c.Get([]byte("0")); e == nil || e.Value != 0 {
			t.Fatalf("after %d: the entry that is always used is gone", i)
		}
	}
	for i := range 10_000 {
		if e, late := c.Get([]byte(strconv.Itoa(i))), i == 0 || i > 9930; (e != nil) != late && i < 9900 {
			t.Errorf("entry %d: %v", i, e)
		}
	}
	if c.Get([]byte("9990")) == nil {
		t.Error("an entry that was used lately is gone")
	}
}

// Caches that are no longer called do not keep what others need: whatever they held, the next one has most of the budget.
func TestIdleCachesGiveWay(t *testing.T) {
	t.Parallel()
	const caches, bytes = 20, 1 << 20
	b := NewBudget(bytes)
	var all [caches]*Cache[int]
	for i := range all {
		all[i] = New[int](b, nil)
	}
	for i, c := range all {
		for j := range 5000 {
			c.Add(fmt.Sprint(i, j), j, 500)
			if over := b.Used() - b.Max(); over > caches*1000 {
				t.Fatalf("%d bytes too many", over)
			}
		}
		if held := c.bytes + c.spare(); held < bytes*2/3 {
			t.Errorf("cache %d holds %d of %d bytes", i, held, bytes)
		}
	}
}

// A cache that begins late gets its share from one that is busy with what it has.
func TestBusyCachesShare(t *testing.T) {
	t.Parallel()
	const bytes = 1 << 20
	b := NewBudget(bytes)
	first, second := New[int](b, nil), New[int](b, nil)
	for j := range 5000 {
		first.Add(strconv.Itoa(j), j, 500)
	}
	for j := range 5000 {
		first.Get([]byte(strconv.Itoa(4900 + j%100)))
		second.Add(strconv.Itoa(j), j, 500)
		if b.Used() > b.Max()+2000 {
			t.Fatalf("%d bytes of %d", b.Used(), b.Max())
		}
	}
	if held := second.bytes + second.spare(); held < bytes/3 {
		t.Errorf("the late cache holds %d of %d bytes", held, bytes)
	}
	if first.Get([]byte("4950")) == nil {
		t.Error("the early cache has lost what it uses")
	}
}

// Goroutines that use their caches at once keep the budget, and what is pinned.
func TestConcurrentCaches(t *testing.T) {
	t.Parallel()
	const caches, bytes = 8, 1 << 20
	b := NewBudget(bytes)
	var running sync.WaitGroup
	for i := range caches {
		running.Go(func() {
			m := newModel(b)
			var pinned []*Entry[*value]
			for j := range 5000 {
				key := strconv.Itoa(j * (i + 1) % 3000)
				e := m.cache.Get([]byte(key))
				if e == nil {
					e = m.cache.Add(key, &value{n: j % 3000 * (i + 1) % 3000}, 300)
				}
				if j%100 == 0 {
					e.Value.pinned = true
					pinned = append(pinned, e)
				}
				if len(pinned) == 20 {
					for _, e := range pinned {
						if got := m.cache.Get([]byte(e.Key)); got != e {
							t.Errorf("pinned entry %q was dropped", e.Key)
							return
						}
						e.Value.pinned = false
					}
					pinned = nil
				}
				if used := b.Used(); used > bytes+caches*25*1000 {
					t.Errorf("%d bytes of %d", used, bytes)
					return
				}
			}
			m.cache.Close()
		})
	}
	running.Wait()
	if b.Used() != 0 {
		t.Errorf("%d bytes are left", b.Used())
	}
}

func BenchmarkHit(b *testing.B) {
	for _, held := range []int{1000, 100_000} {
		b.Run(strconv.Itoa(held), func(b *testing.B) {
			c := New[int](NewBudget(64<<20), nil)
			keys := make([][]byte, held)
			for i := range keys {
				keys[i] = fmt.Appendf(nil, "enwiki:0:Title %d", i)
				c.Add(string(keys[i]), i, 200)
			}
			i := 0
			for b.Loop() {
				c.Get(keys[i%held])
				i += 7
			}
		})
	}
}
