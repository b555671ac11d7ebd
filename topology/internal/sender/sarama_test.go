package sender

import (
	"context"

	"github.com/IBM/sarama"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// openSarama is the sender that was measured against [Open]'s, and held to the same contract. It is slower.
func openSarama(client *cluster.Client, o Options) (Sender, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	settings := client.Settings()
	producer, err := sarama.NewAsyncProducer(settings.Brokers, cluster.Sarama(settings))
	if err != nil {
		return nil, err
	}
	s := &viaSarama{flight: newFlight(int64(o.MaxBytes)), producer: producer, ended: make(chan struct{})}
	go s.receive()
	return s, nil
}

type viaSarama struct {
	*flight
	producer sarama.AsyncProducer
	ended    chan struct{}
}

type sent struct {
	ticket ticket
	done   func(int64, error)
}

func (s *viaSarama) receive() {
	defer close(s.ended)
	successes, errs := s.producer.Successes(), s.producer.Errors()
	for successes != nil || errs != nil {
		select {
		case m, ok := <-successes:
			if !ok {
				successes = nil
				continue
			}
			p := m.Metadata.(sent)
			p.ticket.land(m.Offset, nil, p.done)
		case e, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			p := e.Msg.Metadata.(sent)
			p.ticket.land(0, e.Err, p.done)
		}
	}
}

func (s *viaSarama) Send(ctx context.Context, r Record, done func(int64, error)) error {
	ticket, err := s.board(ctx, &r)
	if err != nil {
		return err
	}
	m := &sarama.ProducerMessage{Topic: r.Topic, Partition: r.Partition, Timestamp: r.Timestamp, Metadata: sent{ticket, done}}
	if r.Key != nil {
		m.Key = sarama.ByteEncoder(r.Key)
	}
	if r.Value != nil {
		m.Value = sarama.ByteEncoder(r.Value)
	}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, sarama.RecordHeader{Key: []byte(h.Key), Value: h.Value})
	}
	s.producer.Input() <- m
	return nil
}

func (s *viaSarama) Flush(ctx context.Context) error { return s.flush(ctx) }

func (s *viaSarama) Pending() int64 { return s.pending.Load() }

func (s *viaSarama) End(topic string, partition int32) (int64, bool) {
	return s.endOf(topic, partition)
}

func (s *viaSarama) Close(ctx context.Context) error {
	s.close()
	err := s.flush(ctx)
	s.producer.AsyncClose()
	<-s.ended
	return err
}
