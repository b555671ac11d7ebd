package engine

import (
	"bytes"
	"slices"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// GetMany implements [kernel.Reader].
func (r *rows) GetMany(keys [][]byte) ([]kernel.Found, error) { return getMany(r, keys) }

// GetMany implements [kernel.Reader].
func (r *reader) GetMany(keys [][]byte) ([]kernel.Found, error) { return getMany(r, keys) }

// getMany reads keys in their order, so that what lies together in the store is read together, and each once.
func getMany(r kernel.Reader, keys [][]byte) ([]kernel.Found, error) {
	places := make([]int, len(keys))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return bytes.Compare(keys[a], keys[b]) })
	found := make([]kernel.Found, len(keys))
	for n, i := range places {
		if n > 0 && bytes.Equal(keys[places[n-1]], keys[i]) {
			found[i] = found[places[n-1]]
			continue
		}
		row, ok, err := r.Get(keys[i])
		if err != nil {
			return nil, err
		}
		found[i] = kernel.Found{Value: row, OK: ok}
	}
	return found, nil
}
