package changelog

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
)

// askWithin bounds a question that goka asks without a context.
const askWithin = 30 * time.Second

// TopicManagers is a builder of goka's topic managers (goka.WithTopicManagerBuilder, goka.WithViewTopicManagerBuilder). They create
// nothing: topics are ensured before, and what does not exist is an error. The newest offset of a partition is one past its last
// *data* record, or where the last load ended if that is later, for that is what goka's recovery waits for.
// Closing one leaves the shared connections open.
func (r *Reader) TopicManagers() goka.TopicManagerBuilder {
	return func([]string) (goka.TopicManager, error) { return topicManager{r}, nil }
}

type topicManager struct{ reader *Reader }

func (m topicManager) exists(topic string, partitions int) error {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	have, err := m.reader.cluster.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	if int(have) != partitions {
		return fmt.Errorf("topic %q has %d partitions where its processor has %d", topic, have, partitions)
	}
	return nil
}

func (m topicManager) EnsureTableExists(topic string, npar int) error { return m.exists(topic, npar) }

func (m topicManager) EnsureStreamExists(topic string, npar int) error { return m.exists(topic, npar) }

func (m topicManager) EnsureTopicExists(topic string, npar, _ int, _ map[string]string) error {
	return m.exists(topic, npar)
}

func (m topicManager) Partitions(topic string) ([]int32, error) { return m.reader.partitions(topic) }

// GetOffset knows sarama.OffsetOldest and sarama.OffsetNewest.
func (m topicManager) GetOffset(topic string, partition int32, at int64) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	switch at {
	case sarama.OffsetOldest:
		starts, err := m.reader.cluster.Starts(ctx, topic)
		if err != nil {
			return 0, err
		}
		if partition < 0 || int(partition) >= len(starts[topic]) {
			return 0, fmt.Errorf("topic %q has no partition %d", topic, partition)
		}
		return starts[topic][partition], nil
	case sarama.OffsetNewest:
		end, err := m.reader.End(ctx, topic, partition)
		if err != nil {
			return 0, err
		}
		m.reader.mu.Lock()
		defer m.reader.mu.Unlock()
		return max(end, m.reader.loaded[topicPartition{topic, partition}]), nil
	}
	return 0, fmt.Errorf("offset of topic %q at a time is not supported", topic)
}

func (m topicManager) Close() error { return nil }
