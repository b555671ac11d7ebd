package changelog

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/topology/internal/store"
)

// byValue is a table of the values of another, with their keys: "value key".
func (b *bundle) byValue() *Derived {
	b.t.Helper()
	into, err := b.db.Table("by value")
	if err != nil {
		b.t.Fatal(err)
	}
	return &Derived{Table: into, Row: func(batch *store.Batch, key, old, now []byte) error {
		if string(now) == "bad" {
			return errors.New("bad")
		}
		entry := func(value []byte) []byte { return append(append(append([]byte(nil), value...), ' '), key...) }
		if old != nil {
			batch.Delete(into, entry(old))
		}
		if now != nil {
			batch.Set(into, entry(now), nil)
		}
		return nil
	}}
}

// checkDerived compares the derived table with the one that it is derived from.
func (b *bundle) checkDerived(d *Derived) {
	b.t.Helper()
	want := map[string]string{}
	for key, value := range rowsOf(b.t, b.table(0)) {
		want[value+" "+key] = ""
	}
	if diff := cmp.Diff(want, rowsOf(b.t, d.Table)); diff != "" {
		b.t.Errorf("derived rows (-want +got):\n%s", diff)
	}
}

// A derived table is at every moment what the rows make of it: while a table is loaded and followed, with many changes of one row in one
// answer, with records of former owners between them, and when the table is built anew.
func TestDerivedIsKeptInStep(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	d := b.byValue()
	b.put(0, "a", "1", "b", "1", "a", "2", "c", "1", "b", "", "c", "3", "c", "4")
	b.load(0, WithDerived(d))
	b.checkDerived(d)
	b.putAs(0, 9, "a", "5", "c", "")
	b.putAs(0, 8, "a", "6", "c", "7") // dropped
	b.load(0, AsOwner(), WithDerived(d))
	b.checkDerived(d)
	b.load(0, AsOwner(), WithDerived(d)) // reads again from what was dropped
	b.checkDerived(d)

	running, stop := context.WithCancel(t.Context())
	defer stop()
	r, err := b.reader.NewReplica(running, ReplicaConfig{Topic: topic, Partitions: []int32{0}, Open: b.open, Derived: d})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(running) }()
	for i := range 50 {
		b.putAs(0, 9, "a", strconv.Itoa(i), "k"+strconv.Itoa(i%7), strconv.Itoa(i%3), "a", strconv.Itoa(i+1))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	b.checkDerived(d)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}

	b.age(0, 100*24*time.Hour)
	b.put(0, "z", "1")
	if l := b.load(0, WithDerived(d)); !l.Rebuilt {
		t.Errorf("the table was not built anew: %+v", l)
	}
	b.checkDerived(d)
}

// A row that says nothing for the derived table ends the load, with its place in the log.
func TestDerivedOfUnreadableRow(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1", "b", "bad")
	_, err := b.reader.Load(t.Context(), b.table(0), topic, 0, WithDerived(b.byValue()))
	if want := `unreadable record: topic "rows", partition 0, offset 1: bad`; !errors.Is(err, errRecord) || !strings.Contains(err.Error(), want) {
		t.Errorf("load = %v, want %s", err, want)
	}
}
