package changelog

import (
	"strconv"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
)

func newConsumer(t *testing.T, b *bundle) sarama.Consumer {
	t.Helper()
	c, err := b.reader.Consumers()(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return c
}

func TestConsumerReadsAndReopens(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	b.put(0, "a", "1", "b", "1", "c", "1")
	c := newConsumer(t, b)
	p, err := c.ConsumePartition(topic, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ConsumePartition(topic, 0, 0); err == nil {
		t.Error("a partition is consumed twice")
	}
	for _, want := range []string{"b", "c"} {
		if m := <-p.Messages(); string(m.Key) != want {
			t.Errorf("got %q, want %q", m.Key, want)
		}
	}
	if p.HighWaterMarkOffset() != 3 || c.HighWaterMarks()[topic][0] != 3 {
		t.Errorf("high watermarks %d, %v", p.HighWaterMarkOffset(), c.HighWaterMarks())
	}
	p.AsyncClose()
	for range p.Messages() {
	}
	for range p.Errors() {
	}
	again, err := c.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a", "b", "c"} {
		if m := <-again.Messages(); string(m.Key) != want || m.Offset != int64(i) {
			t.Errorf("got %q at %d, want %q at %d", m.Key, m.Offset, want, i)
		}
	}
	b.put(0, "d", "")
	if m := <-again.Messages(); string(m.Key) != "d" || m.Value != nil {
		t.Errorf("got %q, %v", m.Key, m.Value)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestPartitionThatIsNotReadHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	var records []*kgo.Record
	for i := range 3 * aheadMax {
		records = append(records, record(0, strconv.Itoa(i), "v"))
	}
	if err := b.kafka.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	c := newConsumer(t, b)
	idle, err := c.ConsumePartition(topic, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	read, err := c.ConsumePartition(topic, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		b.put(1, strconv.Itoa(i), "v")
		if m := <-read.Messages(); m.Offset != int64(i) {
			t.Fatalf("offset %d, want %d", m.Offset, i)
		}
	}
	// And what waited is complete and in order.
	for i := range 3 * aheadMax {
		if m := <-idle.Messages(); m.Offset != int64(i) {
			t.Fatalf("offset %d, want %d", m.Offset, i)
		}
	}
}

func TestConsumerOffTheLogGivesAnError(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	c := newConsumer(t, b)
	p, err := c.ConsumePartition(topic, 0, 50)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.Errors():
		if err == nil {
			t.Error("no error")
		}
	case m := <-p.Messages():
		t.Errorf("jumped to %+v", m)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestNewestIsBehindTheLastRow(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	m, err := b.reader.TopicManagers()(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	offset := func(at int64) int64 {
		t.Helper()
		got, err := m.GetOffset(topic, 0, at)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := offset(sarama.OffsetNewest); got != 0 {
		t.Errorf("newest of an empty topic %d", got)
	}
	b.put(0, "a", "1")
	b.transact(kgo.TryCommit, "b", "1")
	if got := offset(sarama.OffsetNewest); got != 2 {
		t.Errorf("newest %d, want 2: the marker at 2 is no row", got)
	}
	if got := offset(sarama.OffsetOldest); got != 0 {
		t.Errorf("oldest %d", got)
	}
	b.load(0)
	if got := offset(sarama.OffsetNewest); got != 3 {
		t.Errorf("newest %d, want 3, where the load has been", got)
	}
	if err := m.EnsureTableExists(topic, 1); err != nil {
		t.Error(err)
	}
	if err := m.EnsureTableExists(topic, 2); err == nil {
		t.Error("a table with another number of partitions is accepted")
	}
	if err := m.EnsureStreamExists("absent", 1); err == nil {
		t.Error("an absent topic exists")
	}
	if partitions, err := m.Partitions(topic); len(partitions) != 1 || err != nil {
		t.Errorf("Partitions = %v, %v", partitions, err)
	}
}
