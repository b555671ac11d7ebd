package changelog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/store"
)

// copyOf runs a replica of some partitions whose tables are its own, until the end of the test.
func (b *bundle) copyOf(name string, c ReplicaConfig) *Replica {
	b.t.Helper()
	c.Topic = topic
	c.Open = func(partition int32) (*store.Table, error) { return b.db.Table(fmt.Sprint(name, "/", partition)) }
	p, err := b.reader.NewReplica(context.Background(), c)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("Run of %s: %v", name, err)
		}
	})
	return p
}

func TestReplicasOfSomePartitions(t *testing.T) {
	t.Parallel()
	b := setup(t, 3)
	b.put(0, "a", "1")
	b.put(2, "c", "1")
	some := b.copyOf("some", ReplicaConfig{Partitions: []int32{0, 2}})
	same := b.copyOf("same", ReplicaConfig{Partitions: []int32{2}})
	none := b.copyOf("none", ReplicaConfig{Partitions: []int32{}})
	<-some.Recovered()
	<-none.Recovered()
	for i := range 20 {
		b.put(0, "a", strconv.Itoa(i))
		b.put(1, "b", strconv.Itoa(i))
		b.put(2, "c", strconv.Itoa(i))
	}
	for _, p := range []*Replica{some, same, none} {
		b.settle(p)
	}
	for _, tt := range []struct {
		p         *Replica
		partition int32
		want      map[string]string
	}{
		{some, 0, map[string]string{"a": "19"}},
		{some, 2, map[string]string{"c": "19"}},
		{same, 2, map[string]string{"c": "19"}},
	} {
		if diff := cmp.Diff(tt.want, rowsOf(t, tt.p.Table(tt.partition))); diff != "" {
			t.Errorf("partition %d (-want +got):\n%s", tt.partition, diff)
		}
		if at := tt.p.Position(tt.partition); at < 20 {
			t.Errorf("partition %d is at %d", tt.partition, at)
		}
	}
	if some.Table(1) != nil || some.Position(1) != 0 || some.Partitions() != 2 || none.Partitions() != 0 {
		t.Error("a partition is copied that was not asked for")
	}
	if err := some.Applied(t.Context(), 1, 1); err == nil || errors.Is(err, ErrStopped) {
		t.Errorf("Applied of a partition that is not copied: %v", err)
	}
	if _, err := b.reader.NewReplica(t.Context(), ReplicaConfig{Topic: topic, Partitions: []int32{1, 1}, Open: b.open}); err == nil {
		t.Error("a partition was given twice")
	}
}

// A reader that keeps what it has read until it is told of a change reads nothing old once the change is applied.
func TestChangesAreToldBeforeTheyCount(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "0", "b", "0", "gone", "0")
	var mu sync.Mutex
	kept := map[string]string{}
	var p *Replica
	get := func(key string) string {
		mu.Lock()
		defer mu.Unlock()
		if value, ok := kept[key]; ok {
			return value
		}
		value, _, err := p.Table(0).Get([]byte(key))
		if err != nil {
			t.Error(err)
		}
		kept[key] = string(value)
		return string(value)
	}
	p = b.copyOf("cached", ReplicaConfig{Changed: func(partition int32, keys [][]byte) {
		if partition != 0 {
			t.Errorf("partition %d", partition)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, key := range keys {
			delete(kept, string(key))
		}
	}})
	<-p.Recovered()
	for i := range 100 {
		for _, key := range []string{"a", "b", "gone"} {
			get(key)
		}
		value := strconv.Itoa(i)
		last := b.putAs(0, 2, "a", value)
		if i == 50 {
			last = b.putAs(0, 2, "gone", "")
		}
		if err := p.Applied(t.Context(), 0, last+1); err != nil {
			t.Fatal(err)
		}
		if got := get("a"); got != value {
			t.Fatalf("read %q, want %q", got, value)
		}
	}
	if got := get("b") + get("gone"); got != "0" {
		t.Errorf("read %q", got)
	}
}

// What arrives while a replica cannot fetch is told as well: after an error a partition is loaded again.
func TestReplicaLoadsAgainAfterAnError(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	changed := make(chan string, 10)
	p := b.copyOf("cut off", ReplicaConfig{Changed: func(_ int32, keys [][]byte) {
		for _, key := range keys {
			changed <- string(key)
		}
	}})
	<-p.Recovered()
	polled := make(chan struct{}, 1)
	back := make(chan struct{})
	b.broker.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.broker.KeepControl()
		select {
		case <-back:
			return nil, nil, false
		default:
		}
		select {
		case polled <- struct{}{}:
		default:
		}
		return nil, errors.New("connection lost"), true
	})
	await(t, polled)
	b.put(0, "b", "1")
	close(back)
	b.settle(p)
	if got := await(t, changed); got != "b" {
		t.Errorf("told of %q", got)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "1"}, rowsOf(t, p.Table(0))); diff != "" {
		t.Error(diff)
	}
}

// A replica whose reader does nothing holds up no other, and no more is fetched for it than a little.
func TestSlowReplicaHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	gate := make(chan struct{})
	entered := make(chan struct{}, 1)
	slow := b.copyOf("slow", ReplicaConfig{Partitions: []int32{0}, Changed: func(int32, [][]byte) {
		select {
		case entered <- struct{}{}:
		default:
		}
		<-gate
	}})
	quick := b.copyOf("quick", ReplicaConfig{Partitions: []int32{1}})
	<-slow.Recovered()
	<-quick.Recovered()
	b.put(0, "first", "1")
	await(t, entered)
	want := map[string]string{"first": "1"}
	var records []*kgo.Record
	noise := rand.NewChaCha8([32]byte{}) // of what can be compressed, an answer holds more than was fetched
	for i := range 20_000 { // 20 MB
		key, value := fmt.Sprint("k", i), make([]byte, 1000)
		_, _ = noise.Read(value)
		records, want[key] = append(records, record(0, key, string(value))), string(value)
	}
	if err := b.kafka.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		last := b.putAs(1, 0, "a", strconv.Itoa(i))
		if err := quick.Applied(t.Context(), 1, last+1); err != nil {
			t.Fatal(err)
		}
	}
	b.reader.poller.mu.Lock()
	if held := b.reader.poller.bytes; held > (aheadAnswers+1)*2*pollMaxBytes {
		t.Errorf("%d bytes wait for a reader that does nothing", held)
	}
	b.reader.poller.mu.Unlock()
	close(gate)
	b.settle(slow)
	if got := rowsOf(t, slow.Table(0)); !maps.Equal(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}

// A replica that may not read its topic ends with what is missing, instead of trying for ever.
func TestReplicaWithoutTheRightToReadStops(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	b.broker.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.broker.KeepControl()
		response := req.ResponseKind().(*kmsg.FetchResponse)
		for _, asked := range req.(*kmsg.FetchRequest).Topics {
			topic := kmsg.NewFetchResponseTopic()
			topic.Topic, topic.TopicID = asked.Topic, asked.TopicID
			partition := kmsg.NewFetchResponseTopicPartition()
			partition.ErrorCode = 29 // topic authorization failed
			topic.Partitions = append(topic.Partitions, partition)
			response.Topics = append(response.Topics, topic)
		}
		return response, nil, true
	})
	p, err := b.reader.NewReplica(t.Context(), ReplicaConfig{Topic: topic, Open: b.open})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(t.Context()) }()
	err = await(t, ended)
	if err == nil || !strings.Contains(err.Error(), `the right Read of topic "rows" is missing`) {
		t.Errorf("Run: %v", err)
	}
	if err := p.Settle(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("Settle: %v", err)
	}
}

// A partition without news is noted as complete from time to time, so that a quiet table is not read anew after a day.
func TestReplicaRenewsWhatIsComplete(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	b.load(0)
	b.age(0, time.Hour)
	before, _, err := b.table(0).Progress()
	if err != nil {
		t.Fatal(err)
	}
	p, stop := b.replica()
	<-p.Recovered()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	after, _, err := b.table(0).Progress()
	if err != nil || after.Next != before.Next || after.AsOf.Sub(before.AsOf) < time.Hour {
		t.Errorf("complete as of %s, then %s: %v", before.AsOf, after.AsOf, err)
	}
}
