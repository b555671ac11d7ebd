//go:build kafka

package kafka_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/integration/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a cluster and a client of it.
type bundle struct {
	*kafka.Cluster

	t      *testing.T
	ctx    context.Context
	client *kgo.Client
	admin  *kadm.Client
}

func setup(t *testing.T, opt kafka.Options) *bundle {
	t.Helper()
	start := time.Now()
	cluster := kafka.Run(t, opt)
	t.Logf("ready after %s", time.Since(start).Round(time.Millisecond)) // about 3 s a broker on an idle machine
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	b := &bundle{Cluster: cluster, t: t, ctx: ctx}
	b.connect()
	return b
}

func (b *bundle) connect(opts ...kgo.Opt) {
	b.t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.Addrs()...), kgo.MetadataMinAge(50*time.Millisecond))...)
	must(b.t, err)
	b.t.Cleanup(client.Close)
	b.client, b.admin = client, kadm.NewClient(client)
}

// topic makes a topic with as many replicas as there are brokers.
func (b *bundle) topic(name string, partitions int32) {
	b.t.Helper()
	_, err := b.admin.CreateTopic(b.ctx, partitions, -1, nil, name)
	must(b.t, err)
}

// write produces values to a topic, each acknowledged before it returns.
func (b *bundle) write(topic string, values ...string) {
	b.t.Helper()
	for _, v := range values {
		must(b.t, b.client.ProduceSync(b.ctx, &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr())
	}
}

// read returns the first n values of a topic with one partition, in order.
func (b *bundle) read(topic string, n int, opts ...kgo.Opt) string {
	b.t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.Addrs()...), kgo.ConsumeTopics(topic))...)
	must(b.t, err)
	defer client.Close()
	var values []string
	for len(values) < n {
		fetches := client.PollFetches(b.ctx)
		must(b.t, b.ctx.Err())
		fetches.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return strings.Join(values, " ")
}

func numbered(n int) []string {
	values := make([]string, n)
	for i := range values {
		values[i] = strconv.Itoa(i)
	}
	return values
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
