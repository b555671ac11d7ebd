//go:build !cgo

package store

// OffHeap says that Pebble keeps its block cache and its memtables outside of Go's heap.
const OffHeap = false
