package changelog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/wake"
)

const (
	// pollWait is how long a broker keeps a request that it has nothing for. It is also how long a partition that is new may wait for its
	// first one.
	pollWait = 250 * time.Millisecond
	// pollWaitFull is pollWait while some partitions are left out, because their readers have enough to do.
	pollWaitFull = 10 * time.Millisecond
	// pollBytes is shared by the partitions of a request, which get between pollMinBytes and pollMaxBytes each, as they are on the wire. A
	// single batch of records that is larger comes whole, in its turn.
	pollBytes    = 8 << 20
	pollMinBytes = 64 << 10
	pollMaxBytes = 1 << 20
	// aheadAnswers is how many answers wait for the reader of a partition, aheadBytes how much waits for all of them, before no more is
	// asked for.
	aheadAnswers = 2
	aheadBytes   = 32 << 20
	// renewEvery is how often a partition without news is told that it has all.
	renewEvery = time.Minute
)

// poller asks for what comes behind what is loaded, for all replicas of a reader. It has one request at a time with each broker, for all
// partitions that the broker leads. A partition whose reader is slow is left out; so it holds up no other, and what waits is bounded.
// Two subscriptions to one partition are asked for once.
//
// It mends nothing: an error ends the subscriptions that it is about.
type poller struct {
	fetcher *fetcher
	wait    time.Duration   // pollWait, but for tests
	ctx     context.Context // done when closed
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	brokers map[int32]*brokerPoll
	bytes   int // that wait in subscriptions
}

// brokerPoll is what is asked of a broker.
type brokerPoll struct {
	broker        int32
	wake          wake.Signal
	subscriptions map[*subscription]struct{}
}

// subscription is a partition that is followed. Its answers are received; the channel is closed at the end, and err says why.
type subscription struct {
	tp      kernel.TopicPartition
	topic   topicID
	poll    *brokerPoll
	answers chan update
	err     error // before answers is closed

	next    int64     // to be asked for
	renewed time.Time // when it was last known to have all
}

// update is what came for a subscription.
type update struct {
	answer
	asOf  time.Time // if not zero: with it the partition is as complete as the log was then
	bytes int
}

func newPoller(f *fetcher) *poller {
	p := &poller{fetcher: f, wait: pollWait, brokers: map[int32]*brokerPoll{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// close ends all subscriptions, and the connections.
func (p *poller) close() {
	p.cancel()
	p.running.Wait()
	p.fetcher.kafka.Close()
}

// subscribe follows a partition of the topic with an id, from an offset on. It must be ended by unsubscribe.
func (p *poller) subscribe(ctx context.Context, tp kernel.TopicPartition, id string, from int64) (*subscription, error) {
	to, err := p.fetcher.leader(ctx, tp, id)
	if err != nil {
		return nil, err
	}
	s := &subscription{tp: tp, topic: to.topic, answers: make(chan update, aheadAnswers), next: from}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, fmt.Errorf("follow %s: %w", tp, kgo.ErrClientClosed)
	}
	poll := p.brokers[to.broker]
	if poll == nil {
		poll = &brokerPoll{broker: to.broker, wake: wake.New(), subscriptions: map[*subscription]struct{}{}}
		p.brokers[to.broker] = poll
		p.running.Go(func() { p.run(poll) })
	}
	s.poll = poll
	poll.subscriptions[s] = struct{}{}
	poll.wake.Raise()
	return s, nil
}

// unsubscribe ends a subscription. What waits in it is dropped.
func (p *poller) unsubscribe(s *subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, open := s.poll.subscriptions[s]; open {
		delete(s.poll.subscriptions, s)
		close(s.answers)
	}
	for u := range s.answers {
		p.bytes -= u.bytes
	}
	s.poll.wake.Raise()
}

// received makes room where an update was.
func (p *poller) received(s *subscription, u update) {
	p.mu.Lock()
	p.bytes -= u.bytes
	p.mu.Unlock()
	s.poll.wake.Raise()
}

// run asks one broker until nothing is to be asked of it.
func (p *poller) run(poll *brokerPoll) {
	for {
		ask, wait, more := p.next(poll)
		if !more {
			return
		}
		if len(ask) == 0 {
			select {
			case <-poll.wake:
			case <-p.ctx.Done():
			}
			continue
		}
		questions := make([]question, len(ask))
		for i, subscriptions := range ask {
			s := subscriptions[0]
			questions[i] = question{tp: s.tp, topic: s.topic, from: s.next}
		}
		asked := time.Now()
		answers, err := p.fetcher.ask(p.ctx, poll.broker, questions, limits{
			wait: wait, partitionBytes: int32(min(max(pollBytes/len(ask), pollMinBytes), pollMaxBytes)),
		})
		p.deliver(ask, answers, err, asked)
	}
}

// next returns the subscriptions to ask for, by partition and the one that is least far first, in no order: the broker fills its
// answer in that of the request, and so none is always last. more is false at the end of the poll.
func (p *poller) next(poll *brokerPoll) (ask [][]*subscription, wait time.Duration, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		for s := range poll.subscriptions {
			p.fail(s, kgo.ErrClientClosed)
		}
	}
	if len(poll.subscriptions) == 0 {
		delete(p.brokers, poll.broker)
		return nil, 0, false
	}
	type partition struct {
		tp    kernel.TopicPartition
		topic topicID
	}
	all := map[partition][]*subscription{}
	for s := range poll.subscriptions {
		key := partition{s.tp, s.topic}
		all[key] = append(all[key], s)
	}
	wait = p.wait
	for _, same := range all {
		full := func(s *subscription) bool { return len(s.answers) == cap(s.answers) }
		if p.bytes >= aheadBytes || slices.ContainsFunc(same, full) {
			wait = pollWaitFull
			continue
		}
		slices.SortFunc(same, func(a, b *subscription) int { return int(min(max(a.next-b.next, -1), 1)) })
		ask = append(ask, same)
	}
	return ask, wait, true
}

// deliver hands out what was answered.
func (p *poller) deliver(ask [][]*subscription, answers []answer, err error, asked time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, subscriptions := range ask {
		for _, s := range subscriptions {
			if _, open := s.poll.subscriptions[s]; !open {
				continue
			}
			switch {
			case err != nil:
				p.fail(s, err)
			case answers[i].err != nil:
				p.fail(s, answers[i].err)
			default:
				p.give(s, answers[i], asked)
			}
		}
	}
}

// give passes on what is new to a subscription, for which there is room.
func (p *poller) give(s *subscription, a answer, asked time.Time) {
	begin, _ := slices.BinarySearchFunc(a.records, s.next, func(r *kgo.Record, next int64) int { return int(min(max(r.Offset-next, -1), 1)) })
	u := update{answer: answer{records: a.records[begin:], next: max(a.next, s.next), stable: a.stable}}
	if u.next >= a.stable {
		u.asOf = asked
	}
	if u.next == s.next && (u.asOf.IsZero() || asked.Sub(s.renewed) < renewEvery) {
		return
	}
	if !u.asOf.IsZero() {
		s.renewed = asked
	}
	for _, r := range u.records {
		u.bytes += len(r.Key) + len(r.Value)
	}
	s.next = u.next
	p.bytes += u.bytes
	s.answers <- u
}

// fail ends a subscription; what it was given before is received first.
func (p *poller) fail(s *subscription, err error) {
	p.fetcher.forget(s.tp)
	delete(s.poll.subscriptions, s)
	s.err = fmt.Errorf("follow %s from offset %d: %w", s.tp, s.next, err)
	if errors.Is(err, context.Canceled) {
		s.err = kgo.ErrClientClosed
	}
	close(s.answers)
}
