package cluster

import (
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/broker"
)

// A broker that does not know a topic yet, of which another one has told, is asked again for its settings.
func TestBrokersThatDoNotKnowATopicYetAreAskedAgain(t *testing.T) {
	t.Parallel()
	b := broker.Start(t, broker.Options{})
	c, err := Open(Settings{Brokers: b.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := EnsureTopics(t.Context(), c, counter(), Policy{}); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	b.ControlKey(kmsg.DescribeConfigs.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		if asked.Add(1) > 3 {
			return nil, nil, false
		}
		response := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, r := range req.(*kmsg.DescribeConfigsRequest).Resources {
			unknown := kmsg.NewDescribeConfigsResponseResource()
			unknown.ResourceType, unknown.ResourceName, unknown.ErrorCode = r.ResourceType, r.ResourceName, kerr.UnknownTopicOrPartition.Code
			response.Resources = append(response.Resources, unknown)
		}
		return response, nil, true
	})
	if err := EnsureTopics(t.Context(), c, counter(), Policy{}); err != nil {
		t.Errorf("topics that exist: %v", err)
	}
	if n := asked.Load(); n != 4 {
		t.Errorf("asked %d times", n)
	}
}
