package topologytest

import (
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// streamLog is the one partition of a stream.
type streamLog struct{ records []record }

type record struct {
	seq     uint64
	message kernel.Message
}

// cursor is a processor's place in a stream.
type cursor struct {
	log       *streamLog
	topic     kernel.Topic
	handle    kernel.Handler
	at        int // of the next record
	committed int // where a crash goes back to
}

func (c *cursor) waiting() bool { return c.at < len(c.log.records) }

// seq is the age of the next record.
func (c *cursor) seq() uint64 { return c.log.records[c.at].seq }

// tableLog is the one partition of a table: its rows and, as far as somebody follows it, its changes.
type tableLog struct {
	rows     map[string][]byte
	changes  []change
	followed bool
}

type change struct {
	key  string
	data []byte // nil deletes
}

func (t *tableLog) set(key string, data []byte) {
	if t.followed {
		t.changes = append(t.changes, change{key, data})
	}
	if data == nil {
		delete(t.rows, key)
		return
	}
	t.rows[key] = data
}

// replica is one processor's view of another's table: a join or a lookup.
type replica struct {
	driver  *Driver
	table   *kernel.Table
	log     *tableLog
	at      int
	rows    map[string][]byte
	decoded map[string]any
}

func newReplica(d *Driver, t *kernel.Table) *replica {
	log := d.table(t.Topic.Name)
	log.followed = true
	return &replica{driver: d, table: t, log: log, rows: map[string][]byte{}, decoded: map[string]any{}}
}

func (r *replica) lag() int { return len(r.log.changes) - r.at }

func (r *replica) apply(n int) {
	for _, c := range r.log.changes[r.at : r.at+n] {
		delete(r.decoded, c.key)
		if c.data == nil {
			delete(r.rows, c.key)
		} else {
			r.rows[c.key] = c.data
		}
	}
	r.at += n
}

// Get implements [kernel.Reader].
func (r *replica) Get(key []byte) (any, bool, error) {
	if r.driver.rng == nil {
		r.apply(r.lag())
	}
	if row, ok := r.decoded[string(key)]; ok {
		return row, true, nil
	}
	data, ok := r.rows[string(key)]
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
