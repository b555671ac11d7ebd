package engine_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/store"
)

// ofTopic matches the records of a topic.
func ofTopic(name string) func(sender.Record) bool {
	return func(r sender.Record) bool { return r.Topic == name }
}

// table opens a partition of the counter's table.
func table(t *testing.T, db *store.DB, partition int) *store.Table {
	t.Helper()
	tbl, err := db.Table("test-counter/own/test-counter-table/" + strconv.Itoa(partition))
	if err != nil {
		t.Fatal(err)
	}
	return tbl
}

// The first record's output is not acknowledged, those of two later ones are. A runtime that marks each record when its own outputs
// are done, as goka does, commits offset 3, and the first record is lost by the crash.
func TestOffsetsWaitForTheOutputsBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 1)
	processed := make(chan int64, 100)
	r := b.start(only(p), func(o *engine.Options) {
		o.Observer.Processed = func(i kernel.ProcessedInfo) { processed <- i.Offset }
	}).started()
	r.keep(func(s sender.Record) bool { return s.Topic == "out" && string(s.Key) == "a" })
	b.produce(to("in", 0, "a", ""))
	r.heldBack(t)
	b.produce(to("in", 0, "b", ""), to("in", 0, "c", ""))
	for range 3 {
		await(t, processed)
	}
	r.crash()
	if at := b.committed("test-counter", "in", 0); at > 0 {
		t.Fatalf("committed %d, past the record whose output is not acknowledged", at)
	}

	r = b.start(only(p)).started()
	r.settle()
	b.check(r.stop())
	if at := b.committed("test-counter", "in", 0); at != 3 {
		t.Errorf("committed %d after the second run, want 3", at)
	}
}

// A state that is written before its outputs are acknowledged hides them from the replay: it finds the mark and emits nothing.
func TestStateWaitsForOutputs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := &kernel.Output{Topic: topic("out")}
	p := &kernel.Processor{
		Name: "counter", Group: "test-counter", Own: counts("test-counter-table"), Outputs: []*kernel.Output{out},
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			if _, seen, err := t.Own().Get(m.Key); seen || err != nil {
				return err
			}
			if err := t.Own().Set(m.Key, 1); err != nil {
				return err
			}
			return t.Emit(out, m.Key, m.Value, m.Timestamp, nil)
		}}},
	}
	b.topics(only(p), 1)
	db := store.OpenMemory()
	defer db.Close()
	r := b.start(only(p), on(db)).started()
	r.fail(func(s sender.Record) error {
		if s.Topic == "out" {
			return errTest
		}
		return nil
	})
	b.produce(to("in", 0, "a", "hello"))
	var pe *engine.ProcessError
	if err := r.wait(); !errors.Is(err, errTest) || !errors.As(err, &pe) {
		t.Fatalf("the run ended with %v, want %v", err, errTest)
	}
	if pe.Processor != "counter" || pe.Topic != "in" || pe.Partition != 0 || pe.Offset != 0 || string(pe.Key) != "a" {
		t.Errorf("the error names %+v", pe)
	}
	if rows := b.read("test-counter-table"); len(rows) > 0 {
		t.Errorf("the changelog has %v", sprint(rows))
	}
	if _, ok, _ := table(t, db, 0).Get([]byte("a")); ok {
		t.Error("the local store has the row")
	}
	r = b.start(only(p), on(db)).started()
	r.settle()
	if got := sprint(b.read("out")); len(got) != 1 || got[0] != "a=hello" {
		t.Errorf("the replay emitted %v", got)
	}
}

// A local store that is written before the changelog is acknowledged is ahead of it after a crash on the same disk: the replay would
// count the record twice there, and once on another disk.
func TestStoreWaitsForTheChangelog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 1)
	db := store.OpenMemory()
	defer db.Close()
	r := b.start(only(p), on(db)).started()
	r.fail(func(s sender.Record) error { // lost on the way to the broker
		if s.Topic == "test-counter-table" {
			return errTest
		}
		return nil
	})
	b.produce(to("in", 0, "a", ""))
	r.heldBack(t)
	r.crash()
	if n, ok, err := table(t, db, 0).Offset(); (ok && n != 0) || err != nil {
		t.Errorf("offset of the local store %d, %v", n, err)
	}
	if _, ok, _ := table(t, db, 0).Get([]byte("a")); ok {
		t.Error("the local store has the row")
	}
	b.start(only(p), on(db)).started().settle()
	if got, _, _ := table(t, db, 0).Get([]byte("a")); string(got) != "1" {
		t.Errorf("counted %s times", got)
	}
}

// Rows and their changelog offset are one write; deletes and the offset 0 count. A runtime like goka's never stores the offset of a
// delete, and reads the table again at each start.
func TestStoreKnowsItsChangelogOffset(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		if m.Value == nil {
			return t.Own().Delete(m.Key)
		}
		_, err := bump(t, m.Key)
		return err
	}
	b.topics(only(p), 1)
	db := store.OpenMemory()
	defer db.Close()
	for i, record := range []string{"set", ""} {
		rec := to("in", 0, "a", record)
		if record == "" {
			rec.Value = nil
		}
		loaded := make(chan int64, 1)
		r := b.start(only(p), on(db), observing(func(n int64) { loaded <- n })).started()
		if n := await(t, loaded); n != 0 {
			t.Errorf("run %d read %d records of its own", i, n)
		}
		b.produce(rec)
		r.settle()
		b.check(r.stop())
		if next, ok, err := table(t, db, 0).Offset(); err != nil || !ok || next != int64(i+1) {
			t.Errorf("after record %d the store is at %d, %v", i, next, err)
		}
	}
	if _, ok, _ := table(t, db, 0).Get([]byte("a")); ok {
		t.Error("the row is still there")
	}
	if got := b.read("test-counter-table"); len(got) != 2 || got[1].Value != nil {
		t.Errorf("the changelog is %v", sprint(got))
	}
}

// Rows of one key in a batch are one changelog record, and handlers read their own writes before it is committed.
func TestRowsAreCoalesced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 1)
	processed := make(chan int64, 100)
	r := b.start(only(p), func(o *engine.Options) {
		o.Observer.Processed = func(i kernel.ProcessedInfo) { processed <- i.Offset }
	}).started()
	r.keep(ofTopic("out"))
	b.produce(to("in", 0, "a", ""))
	r.heldBack(t) // the batch of the first record is under way: the others share the next
	for range 99 {
		b.produce(to("in", 0, "a", ""))
	}
	for range 100 {
		await(t, processed)
	}
	r.open()
	r.settle()
	if out := b.read("out"); len(out) != 100 || string(out[99].Value) != "100" {
		t.Errorf("%d outputs", len(out))
	}
	if got := sprint(b.read("test-counter-table")); len(got) != 2 || got[0] != "a=1" || got[1] != "a=100" {
		t.Errorf("the changelog is %v", got)
	}
}

// Outputs that are declared to come last wait for the acknowledgement of the batch's others.
func TestLastOutputs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, out := counter()
	last := &kernel.Output{Topic: topic("last"), Last: true}
	p.Outputs = append(p.Outputs, last)
	p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		if err := t.Emit(last, m.Key, []byte("done"), m.Timestamp, nil); err != nil {
			return err
		}
		return t.Emit(out, m.Key, []byte("work"), m.Timestamp, nil)
	}
	b.topics(only(p), 1)
	r := b.start(only(p)).started()
	r.keep(ofTopic("out"))
	b.produce(to("in", 0, "a", ""))
	r.heldBack(t)
	if got := b.read("last"); len(got) > 0 {
		t.Errorf("sent before its time: %v", sprint(got))
	}
	r.open()
	r.settle()
	if got := sprint(b.read("last")); len(got) != 1 || got[0] != "a=done" {
		t.Errorf("the last output is %v", got)
	}
	b.check(r.stop())
	if at := b.committed("test-counter", "in", 0); at != 1 {
		t.Errorf("committed %d", at)
	}
}

// A stop finishes the batches that are processed, and gives up on those that do not finish in time.
func TestDrain(t *testing.T) {
	t.Parallel()
	for name, finishes := range map[string]bool{"in time": true, "too late": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			p, _ := counter()
			b.topics(only(p), 1)
			limit := 20 * time.Second
			if !finishes {
				limit = 50 * time.Millisecond
			}
			r := b.start(only(p), func(o *engine.Options) { o.DrainTimeout = limit }).started()
			r.keep(ofTopic("out"))
			b.produce(to("in", 0, "a", ""))
			r.heldBack(t)
			r.cancel()
			if finishes {
				r.open()
			}
			b.check(r.wait())
			at := b.committed("test-counter", "in", 0)
			if finishes && at != 1 {
				t.Errorf("committed %d, want 1", at)
			}
			if !finishes && at > 0 {
				t.Errorf("committed %d without the acknowledgement", at)
			}
		})
	}
}

// The least time between commits makes larger batches, and a stop does not wait for it.
func TestCommitInterval(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 1)
	commits := make(chan kernel.CommittedInfo, 100)
	processed := make(chan int64, 100)
	r := b.start(only(p), func(o *engine.Options) {
		o.CommitInterval = time.Hour
		o.Observer.Processed = func(i kernel.ProcessedInfo) { processed <- i.Offset }
		o.Observer.Committed = func(c kernel.CommittedInfo) { commits <- c }
	}).started()
	b.produce(to("in", 0, "a", ""))
	if c := await(t, commits); c.Records != 1 {
		t.Errorf("the first commit has %d records", c.Records)
	}
	for range 9 {
		b.produce(to("in", 0, "a", ""))
	}
	for range 10 {
		await(t, processed)
	}
	b.check(r.stop())
	if c := await(t, commits); c.Records != 9 || c.Rows != 1 || c.Outputs != 9 {
		t.Errorf("the last commit is %+v", c)
	}
	if at := b.committed("test-counter", "in", 0); at != 10 {
		t.Errorf("committed %d", at)
	}
}

// A batch is bounded: the next handler waits for room, and goes on when there is.
func TestBatchBound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 1)
	commits := make(chan kernel.CommittedInfo, 1000)
	r := b.start(only(p), func(o *engine.Options) {
		o.BatchRecords = 3
		o.Observer.Committed = func(c kernel.CommittedInfo) { commits <- c }
	}).started()
	for i := range 100 {
		b.produce(to("in", 0, strconv.Itoa(i%7), ""))
	}
	r.settle()
	b.check(r.stop())
	close(commits)
	total := 0
	for c := range commits {
		total += c.Records
		if c.Records > 3 {
			t.Errorf("a batch of %d records", c.Records)
		}
	}
	if total != 100 {
		t.Errorf("%d records committed", total)
	}
}
