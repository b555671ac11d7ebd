package store

import (
	"encoding/binary"
	"testing"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	const blocks = 1000
	f := newFilter(blocks*blockBytes + 1)
	key := func(i int) []byte { return binary.BigEndian.AppendUint64([]byte("key "), uint64(i)) }
	n := 0
	for ; n < blocks*keysOfBlock && !f.full(); n++ {
		f.add(key(n))
	}
	if n < blocks*keysOfBlock*9/10 {
		t.Fatalf("full with %d keys of %d", n, blocks*keysOfBlock)
	}
	f.keys.Store(0) // as if it were not full
	wrong := 0
	for i := range 2 * n {
		if i < n && f.lacks(key(i)) {
			t.Fatalf("key %d is said to be absent", i)
		}
		if i >= n && !f.lacks(key(i)) {
			wrong++
		}
	}
	if wrong > n*4/100 {
		t.Errorf("%d of %d absent keys are taken for present", wrong, n)
	}
	f.keys.Store(f.most)
	if f.lacks(key(-1)) {
		t.Error("a full filter speaks")
	}
}

// A store that was not empty when it was opened says what it has.
func TestFilterOfFormerStore(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Name: "s"}
	for i := range 3 {
		db, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		tab := table(t, db, "t")
		for former := range i {
			if _, ok, err := tab.Get([]byte{byte(former)}); err != nil || !ok {
				t.Errorf("opened for the %d. time: row %d: %t, %v", i+1, former, ok, err)
			}
		}
		put(t, tab, string([]byte{byte(i)}), "value")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
