package engine

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// readMany reads rows of a table's local copy: it calls each with the value of every key, which are in the order of bytes.
type readMany func(keys [][]byte, each func(i int, data []byte, ok bool) error) error

// GetMany implements [kernel.Reader].
func (r *rows) GetMany(keys [][]byte) ([]kernel.Found, error) {
	if !r.task.active() {
		return nil, errStopped
	}
	found, err := getMany(keys, r.table.GetMany, func(key []byte) (kernel.Found, bool) {
		w := r.cache.Get(key)
		if w == nil {
			return kernel.Found{}, false
		}
		return r.got(w), true
	}, func(key, data []byte, ok bool) (kernel.Found, error) {
		w, err := r.keep(key, data, ok)
		if err != nil {
			return kernel.Found{}, err
		}
		return r.got(w), nil
	})
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", r.def.Topic.Name, err)
	}
	return found, nil
}

// GetMany implements [kernel.Reader].
func (r *reader) GetMany(keys [][]byte) ([]kernel.Found, error) {
	if !r.task.active() {
		return nil, errStopped
	}
	r.forget()
	found, err := getMany(keys, r.fetchMany, func(key []byte) (kernel.Found, bool) {
		w := r.cache.Get(key)
		if w == nil || r.news == nil {
			return kernel.Found{}, false
		}
		return kernel.Found{Value: w.Value.value, OK: w.Value.ok}, true
	}, func(key, data []byte, ok bool) (kernel.Found, error) {
		value, err := r.keep(key, data, ok)
		return kernel.Found{Value: value, OK: ok}, err
	})
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", r.def.Topic.Name, err)
	}
	return found, nil
}

// getMany takes from the cache what it has, and reads the rest in the order of keys, each once.
func getMany(keys [][]byte, read readMany, cached func(key []byte) (kernel.Found, bool), keep func(key, data []byte, ok bool) (kernel.Found, error)) ([]kernel.Found, error) {
	found := make([]kernel.Found, len(keys))
	var places []int // of the keys to be read, in their order
	for i, key := range keys {
		var ok bool
		if found[i], ok = cached(key); !ok {
			places = append(places, i)
		}
	}
	slices.SortFunc(places, func(a, b int) int { return bytes.Compare(keys[a], keys[b]) })
	missing := make([][]byte, 0, len(places))
	for _, i := range places {
		if n := len(missing); n == 0 || !bytes.Equal(missing[n-1], keys[i]) {
			missing = append(missing, keys[i])
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	next := 0
	err := read(missing, func(i int, data []byte, ok bool) error {
		row, err := keep(missing[i], data, ok)
		for ; err == nil && next < len(places) && bytes.Equal(keys[places[next]], missing[i]); next++ {
			found[places[next]] = row
		}
		return err
	})
	return found, err
}

// lookupMany reads a replica of a whole table, one partition after the other, like [lookup].
func lookupMany(def *kernel.Table, from *changelog.Replica) readMany {
	return func(keys [][]byte, each func(i int, data []byte, ok bool) error) error {
		type value struct {
			data []byte
			ok   bool
		}
		values := make([]value, len(keys))
		read := func(partition int32, places []int) error {
			part := make([][]byte, len(places))
			for n, i := range places {
				part[n] = keys[i]
			}
			return from.Table(partition).GetMany(part, func(n int, data []byte, ok bool) error {
				values[places[n]] = value{data, ok}
				return nil
			})
		}
		of := map[int32][]int{} // keys by partition
		for i, key := range keys {
			p := partitionOf(def.Topic.HashPart, key, from.Partitions())
			of[p] = append(of[p], i)
		}
		for p, places := range of {
			if err := read(p, places); err != nil {
				return err
			}
		}
		for p := range from.Partitions() { // others may have placed a row by another hash
			var places []int
			for i, v := range values {
				if !v.ok && partitionOf(def.Topic.HashPart, keys[i], from.Partitions()) != p {
					places = append(places, i)
				}
			}
			if len(places) == 0 {
				continue
			}
			if err := read(p, places); err != nil {
				return err
			}
		}
		for i, v := range values {
			if err := each(i, v.data, v.ok); err != nil {
				return err
			}
		}
		return nil
	}
}
