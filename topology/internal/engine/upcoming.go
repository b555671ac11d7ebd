package engine

import (
	"bytes"
	"strings"

	"github.com/RaduBerinde/btreemap"
)

// The entries of an index that are kept in memory: so many at most, or as many as fit, and one at least.
const (
	upcomingMost  = 1024
	upcomingBytes = 64 << 10
)

// upcoming is the beginning of an index of timers, in memory: all entries before from, whether they are in the store or in a batch. So the
// next timer is known without a look into the store, where those that have fired lie in the way.
type upcoming struct {
	index   *rows
	entries *btreemap.BTreeMap[string, struct{}]
	bytes   int
	from    []byte // where the rest of the index begins
	all     bool   // there is no rest
}

func newUpcoming(index *rows) upcoming {
	return upcoming{index: index, entries: btreemap.New[string, struct{}](32, strings.Compare)}
}

// first returns the first entry of the index, nil if it is empty.
func (u *upcoming) first() ([]byte, error) {
	for u.entries.Len() == 0 {
		if u.all {
			return nil, nil
		}
		if err := u.read(); err != nil {
			return nil, err
		}
	}
	entry, _, _ := u.entries.Min()
	return []byte(entry), nil
}

// read reads on.
func (u *upcoming) read() error {
	for row, err := range u.index.scan(u.from, nil) {
		if err != nil {
			return err
		}
		if u.full() {
			u.from = bytes.Clone(row.Key)
			return nil
		}
		u.insert(string(row.Key))
	}
	u.all = true
	return nil
}

func (u *upcoming) full() bool { return u.entries.Len() >= upcomingMost || u.bytes >= upcomingBytes }

func (u *upcoming) insert(entry string) {
	if _, _, known := u.entries.ReplaceOrInsert(entry, struct{}{}); !known {
		u.bytes += len(entry)
	}
}

// add takes up an entry that was added to the index. Where there are too many, the last becomes the rest.
func (u *upcoming) add(entry []byte) {
	if !u.all && bytes.Compare(entry, u.from) >= 0 {
		return
	}
	u.insert(string(entry))
	for u.full() && u.entries.Len() > 1 {
		last, _, _ := u.entries.DeleteMax()
		u.bytes -= len(last)
		u.from, u.all = []byte(last), false
	}
}

// remove drops an entry that was removed from the index.
func (u *upcoming) remove(entry []byte) {
	if _, _, known := u.entries.Delete(string(entry)); known {
		u.bytes -= len(entry)
	}
}
