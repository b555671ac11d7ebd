package changelog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// loadBytes is how much one request of a load asks for. A single batch of records that is larger comes whole.
const loadBytes = 4 << 20

// fetcher sends fetch requests. It is safe for concurrent use; requests to one broker share a connection and are answered in turn.
//
// It speaks the protocol itself, where a consumer of the client would hide what is needed here: the offset to go on from where
// there was no record to get, and which topic of that name was read (from Kafka 3.1 on, a fetch names a topic by its id, so one that was
// made anew answers with an error).
type fetcher struct {
	kafka        *kgo.Client
	decompressor kgo.Decompressor
	loadBytes    int32

	mu      sync.Mutex
	leaders map[kernel.TopicPartition]leader
}

// leader is whom to ask for a partition, and under which id.
type leader struct {
	broker int32
	topic  topicID
}

type topicID = [16]byte

func newFetcher(c *cluster.Client) (*fetcher, error) {
	kafka, err := kgo.NewClient(c.Kgo()...)
	if err != nil {
		return nil, err
	}
	return &fetcher{kafka: kafka, decompressor: kgo.DefaultDecompressor(), loadBytes: loadBytes, leaders: map[kernel.TopicPartition]leader{}}, nil
}

// question asks for a partition from an offset on.
type question struct {
	tp    kernel.TopicPartition
	topic topicID
	from  int64
}

// answer is what a fetch got of a partition.
type answer struct {
	records []*kgo.Record // committed ones
	// next is the offset to go on from. It lies behind all that was looked at, also where there was no record to get; where it is
	// the offset that was asked for, there was nothing.
	next   int64
	stable int64 // the last stable offset
	err    error
}

// limits bound a request. There is no bound of the whole answer but those of its partitions, and one batch that may be larger: in
// the embedded broker (kfake), a partition at which the bound of the whole is reached comes without the list of its aborted
// transactions, and so with their records.
type limits struct {
	wait           time.Duration // how long the broker keeps a request that it has nothing for
	partitionBytes int32         // of one partition in the answer
}

// fetch gets what a partition has from an offset on. It waits for nothing. The topic is that of an id as [cluster.Client.TopicID] spells
// it; empty: whichever has the name.
func (f *fetcher) fetch(ctx context.Context, tp kernel.TopicPartition, id string, from int64) (answer, error) {
	to, err := f.leader(ctx, tp, id)
	if err != nil {
		return answer{}, err
	}
	answers, err := f.ask(ctx, to.broker, []question{{tp: tp, topic: to.topic, from: from}}, limits{partitionBytes: f.loadBytes})
	if err == nil {
		err = answers[0].err
	}
	if err != nil {
		f.forget(tp)
		return answer{}, fmt.Errorf("fetch topic %q, partition %d, offset %d: %w", tp.Topic, tp.Partition, from, err)
	}
	return answers[0], nil
}

var errNoAnswer = errors.New("the broker did not answer for it")

// ask sends one request to a broker; there is an answer to each question, in their order. The error is of the request as a whole.
func (f *fetcher) ask(ctx context.Context, broker int32, questions []question, l limits) ([]answer, error) {
	response, err := f.kafka.Broker(int(broker)).Request(ctx, request(questions, l))
	if err != nil {
		return nil, err
	}
	got, ok := response.(*kmsg.FetchResponse)
	if !ok {
		return nil, fmt.Errorf("response of type %T", response)
	}
	if err := kerr.ErrorForCode(got.ErrorCode); err != nil {
		return nil, err
	}
	// A response names a topic by its id or, from brokers that do not know ids, by its name.
	type name struct {
		id        topicID
		topic     string
		partition int32
	}
	answers := make([]answer, len(questions))
	index := make(map[name]int, 2*len(questions))
	for i, q := range questions {
		answers[i] = answer{next: q.from, err: errNoAnswer}
		index[name{id: q.topic, partition: q.tp.Partition}] = i
		index[name{topic: q.tp.Topic, partition: q.tp.Partition}] = i
	}
	for _, t := range got.Topics {
		for p := range t.Partitions {
			n := name{id: t.TopicID, partition: t.Partitions[p].Partition}
			if t.TopicID == (topicID{}) {
				n.topic = t.Topic
			}
			if i, asked := index[n]; asked {
				answers[i] = f.decode(questions[i], &t.Partitions[p])
			}
		}
	}
	return answers, nil
}

func request(questions []question, l limits) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID = -1
	req.MaxWaitMillis = int32(l.wait.Milliseconds())
	req.MinBytes = 1
	req.MaxBytes = math.MaxInt32
	req.IsolationLevel = 1 // committed
	req.SessionEpoch = -1  // no session
	topics := map[topicID]map[string]int{}
	for _, q := range questions {
		i, ok := topics[q.topic][q.tp.Topic]
		if !ok {
			i = len(req.Topics)
			topic := kmsg.NewFetchRequestTopic()
			topic.Topic, topic.TopicID = q.tp.Topic, q.topic
			req.Topics = append(req.Topics, topic)
			if topics[q.topic] == nil {
				topics[q.topic] = map[string]int{}
			}
			topics[q.topic][q.tp.Topic] = i
		}
		partition := kmsg.NewFetchRequestTopicPartition()
		partition.Partition = q.tp.Partition
		partition.FetchOffset = q.from
		partition.PartitionMaxBytes = l.partitionBytes
		partition.CurrentLeaderEpoch = -1
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, partition)
	}
	return req
}

func (f *fetcher) decode(q question, partition *kmsg.FetchResponseTopicPartition) answer {
	fetched, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset: q.from, IsolationLevel: kgo.ReadCommitted(), Topic: q.tp.Topic, Partition: q.tp.Partition,
	}, partition, f.decompressor, nil)
	if fetched.Err != nil {
		return answer{next: q.from, err: fetched.Err}
	}
	return answer{records: fetched.Records, next: max(next, q.from), stable: fetched.LastStableOffset}
}

// errAnotherTopic says that the topic of that name is not the one that was loaded.
var errAnotherTopic = errors.New("the topic was made anew")

// leader returns whom to ask. It looks that up once, until it is forgotten. The error is errAnotherTopic where the topic does not have
// the id that is given.
func (f *fetcher) leader(ctx context.Context, tp kernel.TopicPartition, id string) (leader, error) {
	f.mu.Lock()
	found, ok := f.leaders[tp]
	f.mu.Unlock()
	if !ok {
		var err error
		if found, err = f.lookUp(ctx, tp); err != nil {
			return leader{}, fmt.Errorf("look up topic %q, partition %d: %w", tp.Topic, tp.Partition, err)
		}
		f.mu.Lock()
		f.leaders[tp] = found
		f.mu.Unlock()
	}
	if id != "" && kadm.TopicID(found.topic).String() != id {
		f.forget(tp)
		return leader{}, fmt.Errorf("look up topic %q, partition %d: %w", tp.Topic, tp.Partition, errAnotherTopic)
	}
	return found, nil
}

// lookUp asks by the same client that is to fetch, which learns of the brokers by that.
func (f *fetcher) lookUp(ctx context.Context, tp kernel.TopicPartition) (leader, error) {
	req := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = new(tp.Topic)
	req.Topics = append(req.Topics, topic)
	response, err := req.RequestWith(ctx, f.kafka)
	if err != nil {
		return leader{}, err
	}
	for _, t := range response.Topics {
		err := kerr.ErrorForCode(t.ErrorCode)
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			return leader{}, cluster.ErrNoTopic
		}
		if err != nil {
			return leader{}, err
		}
		for _, p := range t.Partitions {
			if p.Partition == tp.Partition {
				return leader{broker: p.Leader, topic: t.TopicID}, kerr.ErrorForCode(p.ErrorCode)
			}
		}
	}
	return leader{}, errors.New("there is no such partition")
}

// forget lets the next fetch look up the leader again.
func (f *fetcher) forget(tp kernel.TopicPartition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.leaders, tp)
}
