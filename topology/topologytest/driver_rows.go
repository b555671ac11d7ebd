package topologytest

import "github.com/eddystream/eddy/topology/internal/kernel"

// rows is a processor's own table with the batch's writes before it.
type rows struct {
	table   *kernel.Table
	log     *tableLog
	decoded map[string]any // of what is committed
	batch   map[string]*write
	order   []string // keys of the batch, by their first write
}

// write is the newest value of a key in the batch.
type write struct {
	row     any
	data    []byte // if encoded
	encoded bool
	deleted bool
}

func newRows(t *kernel.Table, log *tableLog) *rows {
	return &rows{table: t, log: log, decoded: map[string]any{}, batch: map[string]*write{}}
}

func (r *rows) get(key []byte) (any, bool, error) {
	if w, ok := r.batch[string(key)]; ok {
		switch {
		case w.deleted:
			return nil, false, nil
		case w.encoded && w.row == nil:
			row, err := r.table.Decode(w.data)
			if err != nil {
				return nil, false, err
			}
			w.row = row
		}
		return w.row, true, nil
	}
	if row, ok := r.decoded[string(key)]; ok {
		return row, true, nil
	}
	data, ok := r.log.rows[string(key)]
	if !ok {
		return nil, false, nil
	}
	row, err := r.table.Decode(data)
	if err != nil {
		return nil, false, err
	}
	r.decoded[string(key)] = row
	return row, true, nil
}

func (r *rows) put(key []byte, w *write) {
	k := string(key)
	if _, ok := r.batch[k]; !ok {
		r.order = append(r.order, k)
	}
	r.batch[k] = w
}

// encode makes sure of the bytes of a write.
func (r *rows) encode(w *write) error {
	if w.encoded || w.deleted {
		return nil
	}
	data, err := r.table.Encode(w.row)
	if err != nil {
		return err
	}
	w.data, w.encoded = data, true
	return nil
}

// refresh keeps only bytes.
func (r *rows) refresh() error {
	clear(r.decoded)
	for _, k := range r.order {
		w := r.batch[k]
		if err := r.encode(w); err != nil {
			return err
		}
		w.row = nil
	}
	return nil
}

func (r *rows) forget() {
	clear(r.decoded)
	clear(r.batch)
	r.order = r.order[:0]
}

// commit writes the batch: the last value of each key.
func (r *rows) commit() error {
	for _, k := range r.order {
		if err := r.encode(r.batch[k]); err != nil {
			return err
		}
	}
	for _, k := range r.order {
		w := r.batch[k]
		r.log.set(k, w.data)
		if w.deleted || w.row == nil {
			delete(r.decoded, k)
		} else {
			r.decoded[k] = w.row
		}
	}
	clear(r.batch)
	r.order = r.order[:0]
	return nil
}
