package changelog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// A client knows a topic by its name until it first hears of its id, and moves an offset past the end to the end. So
// where a topic is made anew between the load and that moment, the client would go on in the new one as if nothing
// were. What follows keeps the records of another topic out, and finds out where none come.

// A replica that hears nothing asks whether its topic is still the one it loaded: after idleFirst, then ever later.
const (
	idleFirst = 50 * time.Millisecond
	idleMax   = 30 * time.Second
)

// errAnotherTopic says that the topic of that name is not the one that was loaded.
var errAnotherTopic = errors.New("the topic was made anew")

// loadedTopic is the id of the topic that the tables are copies of.
func (p *Replica) loadedTopic() (string, error) {
	if len(p.tables) == 0 {
		return "", nil
	}
	id, err := p.tables[0].Identity()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrStore, err)
	}
	return id.Topic, nil
}

// poll waits for records of the topic with that id.
func (p *Replica) poll(ctx context.Context, kafka *kgo.Client, id string) (kgo.Fetches, error) {
	for idle := idleFirst; ; idle = min(2*idle, idleMax) {
		wait, cancel := context.WithTimeout(ctx, idle)
		fetches := kafka.PollFetches(wait)
		cancel()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fetches = slices.DeleteFunc(fetches, func(f kgo.Fetch) bool {
			return errors.Is(kgo.Fetches{f}.Err0(), context.DeadlineExceeded)
		})
		if len(fetches) == 0 {
			now, err := p.reader.cluster.TopicID(ctx, p.topic)
			if errors.Is(err, cluster.ErrNoTopic) || err == nil && now != id {
				return nil, errAnotherTopic
			}
			continue // a broker that does not answer may come back
		}
		for _, f := range fetches {
			for _, t := range f.Topics {
				if got := kadm.TopicID(t.TopicID); got != (kadm.TopicID{}) && got.String() != id {
					return nil, errAnotherTopic
				}
			}
		}
		return fetches, nil
	}
}
