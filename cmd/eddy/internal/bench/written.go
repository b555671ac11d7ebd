package bench

import (
	"sync/atomic"

	"github.com/eddystream/eddy/topology"
)

// written counts what the processors write to their changelogs.
type written struct{ rows, bytes atomic.Int64 }

// observe returns the observer that was set, which also counts.
func (w *written) observe(other *topology.Observer) *topology.Observer {
	o := topology.Observer{}
	if other != nil {
		o = *other
	}
	next := o.Committed
	o.Committed = func(i topology.CommittedInfo) {
		w.rows.Add(int64(i.Rows))
		w.bytes.Add(i.RowBytes)
		if next != nil {
			next(i)
		}
	}
	return &o
}

// since is what was written since an earlier count, by so many requests.
func (w *written) since(rows, bytes int64, requests int) Written {
	r := Written{Rows: w.rows.Load() - rows, Bytes: w.bytes.Load() - bytes}
	if r.Rows > 0 {
		r.PerRow = float64(r.Bytes) / float64(r.Rows)
	}
	if requests > 0 {
		r.PerRequest = float64(r.Bytes) / float64(requests)
	}
	return r
}
