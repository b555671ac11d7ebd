package cluster

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Offsets that a transaction is about to commit for ever, of which no coordinator knows: the wait ends and says what can be done.
func TestOffsetsOfATransactionThatHangs(t *testing.T) {
	t.Parallel()
	b := broker.Start(t, broker.Options{})
	c, err := Open(Settings{Brokers: b.ListenAddrs(), HangsAfter: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b.ControlKey(kmsg.OffsetFetch.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
		for _, asked := range req.(*kmsg.OffsetFetchRequest).Groups {
			group := kmsg.NewOffsetFetchResponseGroup()
			group.Group = asked.Group
			topic := kmsg.NewOffsetFetchResponseGroupTopic()
			topic.Topic = "in"
			p := kmsg.NewOffsetFetchResponseGroupTopicPartition()
			p.ErrorCode = kerr.UnstableOffsetCommit.Code
			topic.Partitions = append(topic.Partitions, p)
			group.Topics = append(group.Topics, topic)
			resp.Groups = append(resp.Groups, group)
		}
		return resp, nil, true
	})
	_, err = c.StableOffsets(t.Context(), "group", []kernel.TopicPartition{{Topic: "in"}})
	if !errors.Is(err, ErrHangs) || !Permanent(err) || !strings.Contains(err.Error(), "kafka-transactions.sh") {
		t.Errorf("ended with %v, want that a transaction hangs, and how it is ended", err)
	}
}
