package gokagroup

import (
	"context"
	"fmt"
	"hash"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
)

// producer is Goka's producer builder.
func (m *member) producer([]string, string, func() hash.Hash32) (goka.Producer, error) {
	return stub{m.host}, nil
}

// stub stands for Goka's producer, which nothing may use. It finishes its promises at once, because a promise that Goka waits for
// would delay the end by a minute.
type stub struct{ host Host }

// Emit implements [goka.Producer].
func (s stub) Emit(topic, key string, _ []byte) *goka.Promise {
	err := fmt.Errorf("a record for topic %q, key %q was given to Goka's producer", topic, key)
	s.host.Failed(err, true)
	promise, finish := goka.NewPromiseWithFinisher()
	finish(nil, err)
	return promise
}

// EmitWithHeaders implements [goka.Producer].
func (s stub) EmitWithHeaders(topic, key string, value []byte, _ goka.Headers) *goka.Promise {
	return s.Emit(topic, key, value)
}

// Close implements [goka.Producer].
func (stub) Close() error { return nil }

// askWithin bounds a question that Goka asks without a context.
const askWithin = 30 * time.Second

// topicManager is Goka's topic manager builder.
func (m *member) topicManager([]string) (goka.TopicManager, error) { return topics{m}, nil }

// topics is Goka's topic manager. It makes nothing: topics are ensured before, and what does not exist is an error. No topic has
// anything to recover, for it was recovered when its table was opened.
type topics struct{ m *member }

func (t topics) exists(topic string, partitions int) error {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	have, err := t.m.spec.Client.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	if int(have) != partitions {
		return fmt.Errorf("topic %q has %d partitions where its processor has %d", topic, have, partitions)
	}
	return nil
}

func (t topics) EnsureTableExists(topic string, npar int) error  { return t.exists(topic, npar) }
func (t topics) EnsureStreamExists(topic string, npar int) error { return t.exists(topic, npar) }

func (t topics) EnsureTopicExists(topic string, npar, _ int, _ map[string]string) error {
	return t.exists(topic, npar)
}

func (t topics) Partitions(topic string) ([]int32, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	n, err := t.m.spec.Client.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all, nil
}

func (topics) GetOffset(string, int32, int64) (int64, error) { return 0, nil }
func (topics) Close() error                                  { return nil }

// silentConsumers is Goka's builder of consumers for tables.
func silentConsumers([]string, string) (sarama.Consumer, error) { return silentConsumer{}, nil }

// silentConsumer has nothing to say: tables are followed by package changelog.
type silentConsumer struct{}

func (silentConsumer) ConsumePartition(string, int32, int64) (sarama.PartitionConsumer, error) {
	return &silentPartition{messages: make(chan *sarama.ConsumerMessage), errors: make(chan *sarama.ConsumerError)}, nil
}

func (silentConsumer) Topics() ([]string, error)                  { return nil, nil }
func (silentConsumer) Partitions(string) ([]int32, error)         { return nil, nil }
func (silentConsumer) HighWaterMarks() map[string]map[int32]int64 { return nil }
func (silentConsumer) Close() error                               { return nil }
func (silentConsumer) Pause(map[string][]int32)                   {}
func (silentConsumer) Resume(map[string][]int32)                  {}
func (silentConsumer) PauseAll()                                  {}
func (silentConsumer) ResumeAll()                                 {}

// silentPartition is a partition of a silentConsumer.
type silentPartition struct {
	messages chan *sarama.ConsumerMessage
	errors   chan *sarama.ConsumerError
	closing  sync.Once
}

func (p *silentPartition) AsyncClose() {
	p.closing.Do(func() {
		close(p.messages)
		close(p.errors)
	})
}

func (p *silentPartition) Close() error {
	p.AsyncClose()
	return nil
}

func (p *silentPartition) Messages() <-chan *sarama.ConsumerMessage { return p.messages }
func (p *silentPartition) Errors() <-chan *sarama.ConsumerError     { return p.errors }
func (*silentPartition) HighWaterMarkOffset() int64                 { return 0 }
func (*silentPartition) Pause()                                     {}
func (*silentPartition) Resume()                                    {}
func (*silentPartition) IsPaused() bool                             { return false }

// gokaLog writes Goka's log as debug messages.
type gokaLog struct{ log *slog.Logger }

func (l gokaLog) Print(v ...any)   { l.log.Debug(fmt.Sprint(v...), "from", "goka") }
func (l gokaLog) Println(v ...any) { l.log.Debug(fmt.Sprint(v...), "from", "goka") }
func (l gokaLog) Printf(format string, v ...any) {
	l.log.Debug(fmt.Sprintf(format, v...), "from", "goka")
}
