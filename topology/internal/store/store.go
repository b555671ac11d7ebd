// Package store is the local store of a process: tables of rows ordered by key, each with the changelog offset
// up to which it was written, and atomic writes over several tables.
//
// The changelogs are the log: nothing is synchronised to disk by a commit. After a crash a store is as it was at
// some earlier commit, never between two and never with an offset that its rows do not have; what is missing is read
// again from the changelog.
//
// There are two back ends, pebble and memory, of one contract.
package store

import "errors"

// ErrClosed is returned by every call after [DB.Close].
var ErrClosed = errors.New("store is closed")

// Row is a key and its value.
type Row struct {
	Key, Value []byte
}
