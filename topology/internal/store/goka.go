package store

import (
	"context"

	"github.com/lovoo/goka/storage"
)

// Goka returns t as the storage of a goka table that is replicated: a recovery, a join, a view or a standby. Open
// calls load, which brings the table to its changelog's end, with a context that Close cancels. What goka writes is
// readable at once and is committed, values before or with their offset, by size and time, at an iteration and at Close.
//
// Goka counts the last offset applied, a table the next one; the adapter converts.
// Methods after Close return [ErrClosed]; the table stays open.
func Goka(t *Table, load func(ctx context.Context) error) storage.Storage { panic("todo") }
