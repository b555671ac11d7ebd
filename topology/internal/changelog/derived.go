package changelog

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/store"
)

// Derived is another local table, whose rows follow from those of the table that is copied. Both are written at once, and cleared at once.
type Derived struct {
	Table *store.Table
	// Row adds to b what a change of a row means for the derived table: from old to now, where nil is no row. Its error is of bytes that it
	// cannot read.
	Row func(b *store.Batch, key, old, now []byte) error
}

// WithDerived has a load keep a derived table in step; nil: there is none.
func WithDerived(d *Derived) LoadOption { return func(l *loading) { l.derived = d } }

// deriving is the derivation from the records of one write.
type deriving struct {
	derived *Derived
	table   *store.Table
	written map[string][]byte // by the write
}

// begin returns nil where there is nothing to derive.
func (d *Derived) begin(table *store.Table) *deriving {
	if d == nil {
		return nil
	}
	return &deriving{derived: d, table: table, written: map[string][]byte{}}
}

// row derives from a record that counts.
func (d *deriving) row(b *store.Batch, r *kgo.Record) error {
	if d == nil {
		return nil
	}
	old, ok := d.written[string(r.Key)]
	if !ok {
		var err error
		if old, ok, err = d.table.Get(r.Key); err != nil {
			return fmt.Errorf("%w: %w", ErrStore, err)
		}
		if !ok {
			old = nil
		}
	}
	if err := d.derived.Row(b, r.Key, old, r.Value); err != nil {
		return unreadable(r, err)
	}
	d.written[string(r.Key)] = r.Value
	return nil
}
