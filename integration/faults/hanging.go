//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// errHangs is joined to the error of a run whose brokers have left a transaction open that no coordinator knows of. No worker can end it.
var errHangs = errors.New("the brokers left transactions open that no coordinator knows of")

// lookWithin bounds the look for such transactions.
const lookWithin = 20 * time.Second

// hanging returns an error that names the partitions with transactions that hang; nil if there are none, or if nobody can tell.
func (r *Run) hanging() error {
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	known, err := r.admin.DescribeTransactions(ctx)
	if err != nil {
		return nil // the run has failed already
	}
	open := map[int64]bool{} // by producer id
	for _, t := range known {
		open[t.ProducerID] = open[t.ProducerID] || slices.Contains([]string{"Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"}, t.State)
	}
	topics, err := r.admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return nil
	}
	all, err := r.admin.DescribeProducers(ctx, topics.TopicsSet())
	if err != nil {
		return nil
	}
	var where []string
	all.Each(func(t kadm.DescribedProducersTopic) {
		t.Partitions.Each(func(p kadm.DescribedProducersPartition) {
			p.ActiveProducers.Each(func(producer kadm.DescribedProducer) {
				if producer.CurrentTxnStartOffset >= 0 && !open[producer.ProducerID] {
					where = append(where, fmt.Sprintf("%s[%d] from offset %d on", p.Topic, p.Partition, producer.CurrentTxnStartOffset))
				}
			})
		})
	})
	if len(where) == 0 {
		return nil
	}
	slices.Sort(where)
	return fmt.Errorf("%w: %s", errHangs, strings.Join(where, ", "))
}
