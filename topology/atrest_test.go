package topology_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology"
)

// commit lets the world's group have processed events up to an offset of a partition.
func (w *world) commit(kafka *kgo.Client, partition int32, at int64) {
	w.t.Helper()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "events", Partition: partition, At: at, LeaderEpoch: -1})
	if _, err := kadm.NewClient(kafka).CommitOffsets(w.ctx(), "world-reader", offsets); err != nil {
		w.t.Fatal(err)
	}
}

func TestAtRestComparesCommittedOffsetsWithEnds(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	kafka, err := kgo.NewClient(kgo.SeedBrokers(w.cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	check := func(when string, want bool) {
		t.Helper()
		got, err := topology.AtRest(w.ctx(), w.topo, w.cfg)
		if got != want || err != nil {
			t.Errorf("%s: %t, %v; want %t", when, got, err, want)
		}
	}
	check("without a record", true)
	w.set(map[string]int64{"a row": 1})
	check("with a row of a table that is looked up", true)

	transact := func(end kgo.TransactionEndTry) {
		t.Helper()
		err := errors.Join(
			kafka.BeginTransaction(),
			kafka.ProduceSync(w.ctx(), &kgo.Record{Topic: "events", Partition: 2, Key: []byte("k")}).FirstErr(),
		)
		if err != nil {
			t.Fatal(err)
		}
		check("with an open transaction", false)
		if err := kafka.EndTransaction(w.ctx(), end); err != nil {
			t.Fatal(err)
		}
	}
	transact(kgo.TryCommit) // the record 0 and the marker 1
	check("with a record", false)
	w.commit(kafka, 2, 1)
	check("with a marker behind the last record", true)
	transact(kgo.TryAbort)
	check("with an aborted transaction at the end", true)
	transact(kgo.TryCommit)
	check("with another record", false)
}
