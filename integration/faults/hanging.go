//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// errHangs is joined to the error of a run whose brokers have left a transaction open that no coordinator knows of. No worker can end it.
var errHangs = errors.New("the brokers left transactions open that no coordinator knows of")

// lookWithin bounds the look for such transactions.
const lookWithin = 20 * time.Second

// transaction is one that is open at a partition from an offset on.
type transaction struct {
	partition
	start int64
	by    kadm.DescribedProducer
}

// hanging lists the transactions that hang; none if nobody can tell.
func (r *Run) hanging(ctx context.Context) ([]transaction, error) {
	known, err := r.admin.DescribeTransactions(ctx)
	if err != nil {
		return nil, err
	}
	open := map[int64]bool{} // by producer id
	for _, t := range known {
		open[t.ProducerID] = open[t.ProducerID] || slices.Contains([]string{"Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"}, t.State)
	}
	topics, err := r.admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.admin.DescribeProducers(ctx, topics.TopicsSet())
	if err != nil {
		return nil, err
	}
	var hanging []transaction
	all.Each(func(t kadm.DescribedProducersTopic) {
		t.Partitions.Each(func(p kadm.DescribedProducersPartition) {
			p.ActiveProducers.Each(func(producer kadm.DescribedProducer) {
				if producer.CurrentTxnStartOffset >= 0 && !open[producer.ProducerID] {
					hanging = append(hanging, transaction{partition{p.Topic, p.Partition}, producer.CurrentTxnStartOffset, producer})
				}
			})
		})
	})
	return hanging, nil
}

// nameHanging returns an error that names the partitions with transactions that hang; nil if there are none, or if nobody can tell.
func (r *Run) nameHanging() error {
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	hanging, err := r.hanging(ctx)
	if err != nil || len(hanging) == 0 {
		return nil // the run has failed already
	}
	var where []string
	for _, t := range hanging {
		where = append(where, fmt.Sprintf("%s[%d] from offset %d on", t.topic, t.id, t.start))
	}
	slices.Sort(where)
	return fmt.Errorf("%w: %s", errHangs, strings.Join(where, ", "))
}

// abortHanging aborts the transactions that hang, as kafka-transactions.sh does.
func abortHanging(ctx context.Context, r *Run) error {
	hanging, err := r.hanging(ctx)
	if err != nil {
		return err
	}
	for _, t := range hanging {
		request := kadm.TxnMarkers{
			ProducerID: t.by.ProducerID, ProducerEpoch: t.by.ProducerEpoch, CoordinatorEpoch: max(t.by.CoordinatorEpoch, 0), Topics: kadm.TopicsSet{},
		}
		request.Topics.Add(t.topic, t.id)
		responses, err := r.admin.WriteTxnMarkers(ctx, request)
		responses.EachPartition(func(p kadm.TxnMarkersPartitionResponse) { err = errors.Join(err, p.Err) })
		if err != nil {
			return fmt.Errorf("abort the transaction at %s[%d] from offset %d on: %w", t.topic, t.id, t.start, err)
		}
	}
	return nil
}

// saysHanging is what a worker says where a transaction hangs.
var saysHanging = regexp.MustCompile(`a transaction hangs.*kafka-transactions\.sh`)

// hangs reports whether a worker ended because it says that a transaction hangs, and one does.
func (r *Run) hangs(ctx context.Context, words string) bool {
	hanging, err := r.hanging(ctx)
	return err == nil && len(hanging) > 0 && saysHanging.MatchString(words)
}
