package changelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// fetchBytes is how much one request asks for.
const fetchBytes = 8 << 20

// leader is whom to ask for a partition, and under which id.
type leader struct {
	broker int32
	id     [16]byte
}

// fetch reads the committed records of a partition from an offset on, and the offset to go on from. That lies behind all
// that was looked at, also where there was no record to get: next == from says that there was nothing. It waits for nothing.
func (r *Reader) fetch(ctx context.Context, tp topicPartition, from int64) (records []*kgo.Record, next int64, err error) {
	to, err := r.leader(ctx, tp)
	if err != nil {
		return nil, 0, err
	}
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID = -1
	req.MaxWaitMillis = 0
	req.MinBytes = 1
	req.MaxBytes = fetchBytes
	req.IsolationLevel = 1 // committed
	req.SessionEpoch = -1  // no session
	partition := kmsg.NewFetchRequestTopicPartition()
	partition.Partition = tp.partition
	partition.FetchOffset = from
	partition.PartitionMaxBytes = fetchBytes
	partition.CurrentLeaderEpoch = -1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = tp.topic, to.id
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)

	response, err := r.kafka.Broker(int(to.broker)).RetriableRequest(ctx, req)
	if err != nil {
		r.forget(tp)
		return nil, 0, fmt.Errorf("fetch topic %q, partition %d: %w", tp.topic, tp.partition, err)
	}
	got, ok := response.(*kmsg.FetchResponse)
	if !ok {
		return nil, 0, fmt.Errorf("fetch topic %q, partition %d: response of type %T", tp.topic, tp.partition, response)
	}
	if err := kerr.ErrorForCode(got.ErrorCode); err != nil {
		r.forget(tp)
		return nil, 0, fmt.Errorf("fetch topic %q, partition %d: %w", tp.topic, tp.partition, err)
	}
	for _, t := range got.Topics {
		for i := range t.Partitions {
			if t.Partitions[i].Partition != tp.partition {
				continue
			}
			fetched, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
				Offset: from, IsolationLevel: kgo.ReadCommitted(), Topic: tp.topic, Partition: tp.partition,
			}, &t.Partitions[i], kgo.DefaultDecompressor(), nil)
			if fetched.Err != nil {
				r.forget(tp)
				return nil, 0, fmt.Errorf("fetch topic %q, partition %d, offset %d: %w", tp.topic, tp.partition, from, fetched.Err)
			}
			return fetched.Records, max(next, from), nil
		}
	}
	return nil, 0, fmt.Errorf("fetch topic %q, partition %d: no answer for it", tp.topic, tp.partition)
}

// leader looks up whom to ask, and remembers it.
func (r *Reader) leader(ctx context.Context, tp topicPartition) (leader, error) {
	r.mu.Lock()
	known, ok := r.leaders[tp]
	r.mu.Unlock()
	if ok {
		return known, nil
	}
	req := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = new(tp.topic)
	req.Topics = append(req.Topics, topic)
	response, err := req.RequestWith(ctx, r.kafka)
	if err != nil {
		return leader{}, fmt.Errorf("look up topic %q: %w", tp.topic, err)
	}
	for _, t := range response.Topics {
		err := kerr.ErrorForCode(t.ErrorCode)
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			return leader{}, fmt.Errorf("look up leaders of topic %q: %w", tp.topic, cluster.ErrNoTopic)
		}
		if err != nil {
			return leader{}, fmt.Errorf("look up topic %q: %w", tp.topic, err)
		}
		for _, p := range t.Partitions {
			if p.Partition != tp.partition {
				continue
			}
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return leader{}, fmt.Errorf("look up topic %q, partition %d: %w", tp.topic, tp.partition, err)
			}
			found := leader{broker: p.Leader, id: t.TopicID}
			r.mu.Lock()
			r.leaders[tp] = found
			r.mu.Unlock()
			return found, nil
		}
	}
	return leader{}, fmt.Errorf("topic %q has no partition %d", tp.topic, tp.partition)
}

// forget lets the next fetch look up the leader again.
func (r *Reader) forget(tp topicPartition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.leaders, tp)
}
