package faults

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/topologytest"
)

// proxied is a broker with a topic "words", a proxy before it, and a client that knows the proxy only.
type proxied struct {
	proxy  *Proxy
	broker []string
	client *kgo.Client
}

func setup(t *testing.T, opts ...kgo.Opt) *proxied {
	t.Helper()
	p := &proxied{broker: topologytest.StartBroker(t, topologytest.WithBrokers(2))}
	direct := p.open(t, p.broker)
	_, err := kadm.NewClient(direct).CreateTopic(t.Context(), 4, -1, nil, "words")
	must(t, err)
	p.proxy, err = OpenProxy(p.broker[:1])
	must(t, err)
	p.client = p.open(t, p.proxy.Brokers(), opts...)
	t.Cleanup(func() { must(t, p.proxy.Close()) })
	return p
}

func (p *proxied) open(t *testing.T, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(brokers...), kgo.DefaultProduceTopic("words"))...)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

// words returns the records of the topic, read past the proxy, once there are n.
func (p *proxied) words(t *testing.T, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	reader := p.open(t, p.broker, kgo.ConsumeTopics("words"))
	var words []string
	for len(words) < n {
		fetches := reader.PollFetches(ctx)
		must(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) { words = append(words, string(r.Value)) })
	}
	slices.Sort(words)
	return words
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A client that knows one broker's proxy hears of all brokers, and reaches each by a proxy.
func TestProxyStandsForAllBrokers(t *testing.T) {
	t.Parallel()
	p := setup(t)
	told, err := kadm.NewClient(p.client).BrokerMetadata(t.Context())
	must(t, err)
	if len(told.Brokers) != 2 {
		t.Fatalf("%d brokers", len(told.Brokers))
	}
	for _, b := range told.Brokers {
		address := fmt.Sprintf("%s:%d", b.Host, b.Port)
		if slices.Contains(p.broker, address) || !slices.Contains(p.proxy.Brokers(), address) {
			t.Errorf("the client is told %s; the proxy has %v", address, p.proxy.Brokers())
		}
	}
	for i := range 20 {
		must(t, p.client.ProduceSync(t.Context(), &kgo.Record{Value: fmt.Append(nil, i), Key: fmt.Append(nil, i)}).FirstErr())
	}
	if n := len(p.words(t, 20)); n != 20 {
		t.Errorf("%d records", n)
	}
}

// Where an answer to a produce or fetch request names the new leader, the client is told the leader's proxy.
func TestNewLeadersAreRewritten(t *testing.T) {
	t.Parallel()
	front := func(host string, port int32) (string, int32, error) { return "proxy-of-" + host, port + 1, nil }
	produce, fetch := kmsg.NewPtrProduceResponse(), kmsg.NewPtrFetchResponse()
	produce.Brokers = []kmsg.ProduceResponseBroker{{NodeID: 2, Host: "b", Port: 9}}
	fetch.Brokers = []kmsg.FetchResponseBroker{{NodeID: 2, Host: "b", Port: 9}}
	for _, r := range []kmsg.Response{produce, fetch} {
		r.SetVersion(r.MaxVersion())
		head := []byte{0, 0, 0, 1, 0} // correlation id, no tags
		got, err := rewrite(requestHeader{r.Key(), r.MaxVersion()}, r.AppendTo(head), front)
		must(t, err)
		back := kmsg.ResponseForKey(r.Key())
		back.SetVersion(r.MaxVersion())
		must(t, back.ReadFrom(got[5:]))
		var host string
		switch back := back.(type) {
		case *kmsg.ProduceResponse:
			host = fmt.Sprint(back.Brokers[0].Host, back.Brokers[0].Port)
		case *kmsg.FetchResponse:
			host = fmt.Sprint(back.Brokers[0].Host, back.Brokers[0].Port)
		}
		if host != "proxy-of-b10" {
			t.Errorf("key %d: %s", r.Key(), host)
		}
	}
}

// While the proxy stalls nothing arrives; afterwards all does.
func TestProxyStalls(t *testing.T) {
	t.Parallel()
	p := setup(t)
	must(t, p.client.ProduceSync(t.Context(), kgo.StringRecord("before")).FirstErr())
	p.proxy.Stall()
	sent := make(chan error, 1)
	p.client.Produce(t.Context(), kgo.StringRecord("after"), func(_ *kgo.Record, err error) { sent <- err })
	<-p.proxy.held
	select {
	case err := <-sent:
		t.Errorf("the record got through: %v", err)
	default:
	}
	p.proxy.Resume()
	must(t, <-sent)
}

// What a client sent before it closed its end is delivered, however late.
func TestProxyDeliversLate(t *testing.T) {
	t.Parallel()
	p := setup(t)
	must(t, p.client.ProduceSync(t.Context(), kgo.StringRecord("before")).FirstErr())
	p.proxy.Stall(kmsg.Produce.Int16())
	lost := make(chan error, 1)
	p.client.Produce(t.Context(), kgo.StringRecord("late"), func(_ *kgo.Record, err error) { lost <- err })
	<-p.proxy.held
	p.client.Close()
	if err := <-lost; err == nil {
		t.Error("the record was acknowledged while the proxy stalled")
	}
	p.proxy.Resume()
	if got, want := p.words(t, 2), []string{"before", "late"}; !slices.Equal(got, want) {
		t.Errorf("the log has %q, want %q", got, want)
	}
}

// A stall of heartbeats takes the connections that carry them, and leaves the others.
func TestProxyStallsByKey(t *testing.T) {
	t.Parallel()
	p := setup(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	must(t, p.client.ProduceSync(t.Context(), kgo.StringRecord("before")).FirstErr()) // so that it knows the topic
	p.proxy.Stall(kmsg.Heartbeat.Int16())
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group = "readers"
	unanswered := make(chan error, 1)
	go func() {
		_, err := beat.RequestWith(t.Context(), p.client)
		unanswered <- err
	}()
	<-p.proxy.held
	must(t, p.client.ProduceSync(t.Context(), kgo.StringRecord("flows")).FirstErr())
	select {
	case err := <-unanswered:
		t.Errorf("the heartbeat was answered: %v", err)
	default:
	}
	p.proxy.Resume()
	if err := <-unanswered; err != nil {
		t.Errorf("the heartbeat is not answered late: %v", err)
	}
}

// A cut ends what is open and serves nothing new until it is over.
func TestProxyCuts(t *testing.T) {
	t.Parallel()
	p := setup(t, kgo.RetryTimeout(time.Minute))
	must(t, p.client.ProduceSync(t.Context(), kgo.StringRecord("before")).FirstErr())
	p.proxy.Cut()
	sent := make(chan error, 1)
	p.client.Produce(t.Context(), kgo.StringRecord("after"), func(_ *kgo.Record, err error) { sent <- err })
	select {
	case err := <-sent:
		t.Errorf("the record got through: %v", err)
	default:
	}
	p.proxy.Resume()
	must(t, <-sent)
}
