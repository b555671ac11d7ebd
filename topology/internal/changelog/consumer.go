package changelog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Consumers is a builder of sarama consumers for goka's tables and views (goka.WithConsumerSaramaBuilder, goka.WithViewConsumerSaramaBuilder).
// Its consumers reconnect by themselves and end only when closed, or with an error that is given first; so the end of a consumer never passes for
// the end of a table. One partition that is not read holds up no other. All partitions of a consumer share its connections.
func (r *Reader) Consumers() goka.SaramaConsumerBuilder {
	return func([]string, string) (sarama.Consumer, error) { return r.newConsumer() }
}

// consumer implements sarama.Consumer over a follower.
type consumer struct {
	reader *Reader
	kafka  *kgo.Client
	cancel context.CancelFunc
	polled chan struct{} // closed when nothing is dispatched any more

	mu         sync.Mutex
	closed     bool
	partitions map[topicPartition]*partitionConsumer
	marks      map[string]map[int32]int64
}

func (r *Reader) newConsumer() (*consumer, error) {
	kafka, err := r.follower()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &consumer{
		reader: r, kafka: kafka, cancel: cancel, polled: make(chan struct{}),
		partitions: map[topicPartition]*partitionConsumer{}, marks: map[string]map[int32]int64{},
	}
	go c.poll(ctx)
	return c, nil
}

// poll hands out what comes until the consumer is closed.
func (c *consumer) poll(ctx context.Context) {
	defer close(c.polled)
	for ctx.Err() == nil {
		fetches := c.kafka.PollFetches(ctx)
		if fetches.IsClientClosed() {
			return
		}
		fetches.EachPartition(func(f kgo.FetchTopicPartition) {
			if f.Err != nil && errors.Is(f.Err, context.Canceled) {
				return
			}
			c.mu.Lock()
			p := c.partitions[topicPartition{f.Topic, f.Partition}]
			if p != nil {
				if c.marks[f.Topic] == nil {
					c.marks[f.Topic] = map[int32]int64{}
				}
				c.marks[f.Topic][f.Partition] = f.HighWatermark
			}
			c.mu.Unlock()
			if p != nil {
				p.take(f)
			}
		})
	}
}

// ConsumePartition begins at an offset of the log; a name of a place, such as the oldest, is none.
func (c *consumer) ConsumePartition(topic string, partition int32, offset int64) (sarama.PartitionConsumer, error) {
	from := kgo.NewOffset().At(offset)
	switch offset {
	case sarama.OffsetOldest:
		from = kgo.NewOffset().AtStart()
	case sarama.OffsetNewest:
		from = kgo.NewOffset().AtEnd()
	}
	tp := topicPartition{topic, partition}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, sarama.ErrClosedClient
	}
	if c.partitions[tp] != nil {
		return nil, sarama.ConfigurationError(fmt.Sprintf("partition %d of topic %q is consumed already", partition, topic))
	}
	p := newPartitionConsumer(c, tp)
	c.partitions[tp] = p
	c.kafka.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: from}})
	return p, nil
}

// remove forgets a partition, so that it can be consumed again.
func (c *consumer) remove(tp topicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.partitions[tp] == nil {
		return
	}
	delete(c.partitions, tp)
	if !c.closed {
		c.kafka.ResumeFetchPartitions(map[string][]int32{tp.topic: {tp.partition}})
		c.kafka.RemoveConsumePartitions(map[string][]int32{tp.topic: {tp.partition}})
	}
}

// Close ends the consumer and its partitions. Further calls do nothing.
func (c *consumer) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	open := make([]*partitionConsumer, 0, len(c.partitions))
	for _, p := range c.partitions {
		open = append(open, p)
	}
	c.mu.Unlock()
	c.cancel()
	<-c.polled
	for _, p := range open {
		p.AsyncClose()
		<-p.ended
	}
	c.kafka.Close()
	return nil
}

func (c *consumer) Topics() ([]string, error) {
	return nil, errors.New("listing all topics is not supported")
}

func (c *consumer) Partitions(topic string) ([]int32, error) {
	return c.reader.partitions(topic)
}

// partitions lists the numbers of a topic's partitions.
func (r *Reader) partitions(topic string) ([]int32, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	n, err := r.cluster.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all, nil
}

func (c *consumer) HighWaterMarks() map[string]map[int32]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]map[int32]int64{}
	for topic, partitions := range c.marks {
		all[topic] = map[int32]int64{}
		maps.Copy(all[topic], partitions)
	}
	return all
}

func (c *consumer) mark(tp topicPartition) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.marks[tp.topic][tp.partition]
}

// Pause, Resume, PauseAll and ResumeAll act on the partitions that are consumed.
func (c *consumer) Pause(topics map[string][]int32) { c.each(topics, (*partitionConsumer).Pause) }

func (c *consumer) Resume(topics map[string][]int32) { c.each(topics, (*partitionConsumer).Resume) }

func (c *consumer) PauseAll() { c.each(nil, (*partitionConsumer).Pause) }

func (c *consumer) ResumeAll() { c.each(nil, (*partitionConsumer).Resume) }

// each calls do for the partitions given, all if nil.
func (c *consumer) each(topics map[string][]int32, do func(*partitionConsumer)) {
	c.mu.Lock()
	var chosen []*partitionConsumer
	for tp, p := range c.partitions {
		if topics == nil {
			chosen = append(chosen, p)
			continue
		}
		for _, partition := range topics[tp.topic] {
			if partition == tp.partition {
				chosen = append(chosen, p)
			}
		}
	}
	c.mu.Unlock()
	for _, p := range chosen {
		do(p)
	}
}
