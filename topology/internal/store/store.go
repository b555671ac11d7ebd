// Package store is the local store of a process: tables of rows ordered by key, each with the changelog offset
// up to which it was written, and atomic writes over several tables.
//
// The changelogs are the log: nothing is synchronised to disk by a commit. After a crash a store is as it was at
// some earlier commit, never between two and never with an offset that its rows do not have; what is missing is read
// again from the changelog.
//
// There are two back ends, pebble and memory, of one contract.
package store

import (
	"errors"
	"time"
)

// ErrClosed is returned by every call after [DB.Close].
var ErrClosed = errors.New("store is closed")

// Row is a key and its value.
type Row struct {
	Key, Value []byte
}

// Identity is what the offset of a table refers to.
type Identity struct {
	// Cluster and Topic are the ids that the brokers gave; empty where they give none.
	Cluster, Topic string
	// Written is about when the table was last written or confirmed to be at its changelog's end.
	Written time.Time
}
