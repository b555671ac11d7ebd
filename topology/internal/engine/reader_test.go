package engine_test

import (
	"strconv"
	"testing"
)

// A handler reads a join and a lookup as they stand: rows that came, changed or went since it last looked are seen so, and so is a
// change of more rows than are told apart.
func TestReadersSeeWhatChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	saw := make(chan string, 1)
	p := asker(saw)
	b.topics(only(p), 1)
	r := b.start(only(p)).started()
	write := func(key, value string) {
		for _, table := range []string{"joined", "looked-up"} {
			record := to(table, 0, key, value)
			if value == "" {
				record.Value = nil
			}
			b.produce(record)
		}
	}
	expect := func(want string) {
		t.Helper()
		r.settle()
		b.produce(to("in", 0, "a", ""))
		if got := await(t, saw); got != want+" <nil>" { // nothing is in the store
			t.Errorf("saw %s, not %s", got, want)
		}
	}
	expect("<nil> <nil> <nil>")
	write("a", "1")
	expect("<nil> 1 1")
	expect("<nil> 1 1")
	write("b", "2")
	write("a", "3")
	expect("<nil> 3 3")
	write("a", "")
	expect("<nil> <nil> <nil>")
	write("a", "4")
	expect("<nil> 4 4")
	var many []string
	for i := range 5000 {
		many = append(many, "k"+strconv.Itoa(i))
	}
	for _, key := range many {
		b.kafka.Produce(b.ctx, to("joined", 0, key, "5"), nil)
	}
	write("a", "6")
	expect("<nil> 6 6")
	b.check(r.stop())
}
