package cluster

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func setup(t *testing.T, o broker.Options) *Client {
	t.Helper()
	b := broker.Start(t, o)
	c, err := Open(Settings{Brokers: b.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func stream(name string) kernel.Topic { return kernel.Topic{Name: name} }

func changelog(name string) kernel.Topic { return kernel.Topic{Name: name, Table: true} }

// counter is a topology of two processors: the first reads in, has a loop, a table and a join, and writes out, which the second reads.
func counter() *kernel.Topology {
	return &kernel.Topology{Name: "t", Processors: []*kernel.Processor{
		{
			Name: "first", Inputs: []*kernel.Input{{Topic: stream("in")}}, Loop: &kernel.Loop{Topic: stream("loop")},
			Own: &kernel.Table{Topic: changelog("own")}, Joins: []*kernel.Table{{Topic: changelog("join")}},
			Lookups: []*kernel.Table{{Topic: changelog("lookup")}},
			Outputs: []*kernel.Output{{Topic: kernel.Topic{Name: "out", Retention: -1}}},
		},
		{Name: "second", Inputs: []*kernel.Input{{Topic: stream("out")}}, Own: &kernel.Table{Topic: changelog("own2")}},
	}}
}

func (c *Client) make(t *testing.T, name string, partitions int32, config map[string]string) {
	t.Helper()
	pointers := map[string]*string{}
	for k, v := range config {
		pointers[k] = new(v)
	}
	r, err := c.admin.CreateTopic(t.Context(), partitions, 1, pointers, name)
	if err := errors.Join(err, r.Err); err != nil {
		t.Fatal(err)
	}
}

func TestTopicsAreCreated(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	policy := Policy{Partitions: 3, StreamRetention: time.Hour, DeleteRetention: 2 * time.Hour, MaxRecordBytes: 2_000_000}
	for range 2 { // the second time they are only checked
		if err := EnsureTopics(t.Context(), c, counter(), policy); err != nil {
			t.Fatal(err)
		}
	}
	type topic struct{ cleanup, retention, deletes, message string }
	want := map[string]topic{
		"in":     {"delete", "3600000", "", "2004096"},
		"out":    {"delete", "-1", "", "2004096"},
		"loop":   {"delete", "-1", "", "2004096"},
		"own":    {"compact", "", "7200000", "2004096"},
		"own2":   {"compact", "", "7200000", "2004096"},
		"join":   {"compact", "", "7200000", "2004096"},
		"lookup": {"compact", "", "7200000", "2004096"},
	}
	for name, w := range want {
		if n, err := c.Partitions(t.Context(), name); n != 3 || err != nil {
			t.Errorf("topic %q has %d partitions, %v", name, n, err)
		}
		configs, err := c.configs(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		have := configs[name]
		got := topic{have["cleanup.policy"], have["retention.ms"], have["delete.retention.ms"], have["max.message.bytes"]}
		if w.deletes == "" {
			got.deletes = ""
		} else {
			got.retention = ""
		}
		if got != w {
			t.Errorf("topic %q is %+v, want %+v", name, got, w)
		}
	}
	if d, err := c.TableConfig(t.Context(), "own"); d != (TableConfig{DeleteRetention: 2 * time.Hour}) || err != nil {
		t.Errorf("TableConfig = %+v, %v", d, err)
	}
}

func TestReplicationDefaultsToWhatThereIs(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{Brokers: 3})
	var replication atomic.Int32
	n := need{name: "x"}
	if _, ok := n.configs(Policy{}.withDefaults(), 3)["min.insync.replicas"]; !ok {
		t.Error("three replicas and one that must be in sync")
	}
	if err := EnsureTopics(t.Context(), c, counter(), Policy{}); err != nil {
		t.Fatal(err)
	}
	m, err := c.admin.Metadata(t.Context(), "own")
	if err != nil {
		t.Fatal(err)
	}
	replication.Store(int32(m.Topics["own"].Partitions.NumReplicas()))
	if replication.Load() != 3 || len(m.Topics["own"].Partitions) != 8 {
		t.Errorf("replication %d, %d partitions; want 3 and 8", replication.Load(), len(m.Topics["own"].Partitions))
	}
}

func TestNewTopicsFitThoseThatExist(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	c.make(t, "in", 5, nil)
	if err := EnsureTopics(t.Context(), c, counter(), Policy{Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	got := map[string]int32{}
	for _, name := range []string{"in", "loop", "own", "join", "lookup", "out", "own2"} {
		n, err := c.Partitions(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = n
	}
	want := map[string]int32{"in": 5, "loop": 5, "own": 5, "join": 5, "lookup": 2, "out": 2, "own2": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("partitions (-want +got):\n%s", diff)
	}
}

func TestTopicsThatDoNotFitAreNamed(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	c.make(t, "in", 4, nil)
	c.make(t, "join", 3, map[string]string{"cleanup.policy": "compact"})
	c.make(t, "lookup", 1, map[string]string{"cleanup.policy": "delete"})
	c.make(t, "own2", 1, map[string]string{"cleanup.policy": "compact,delete"})
	c.make(t, "loop", 4, map[string]string{"retention.ms": "3600000"})
	err := EnsureTopics(t.Context(), c, counter(), Policy{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`processor "first": topic "in" has 4 partitions and topic "join" has 3`,
		`topic "lookup" is a table, which needs cleanup.policy "compact", and has "delete"`,
		`topic "own2" is a table, which needs cleanup.policy "compact", and has "compact,delete"`,
		`topic "loop" is a loop, which needs a retention.ms of at least 604800000 or -1, and has 3600000`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if _, err := c.Partitions(t.Context(), "own"); !errors.Is(err, ErrNoTopic) {
		t.Errorf("topics were created beside ones that do not fit: %v", err)
	}
}

// unknown answers that a broker knows none of the topics that it is asked for.
func unknown(req *kmsg.MetadataRequest) kmsg.Response {
	response := req.ResponseKind().(*kmsg.MetadataResponse)
	for _, topic := range req.Topics {
		rt := kmsg.NewMetadataResponseTopic()
		rt.Topic, rt.ErrorCode = topic.Topic, kerr.UnknownTopicOrPartition.Code
		response.Topics = append(response.Topics, rt)
	}
	return response
}

// TestTopicsAreWaitedFor lets new topics be unknown to the broker that is asked, a few times.
func TestTopicsAreWaitedFor(t *testing.T) {
	t.Parallel()
	b := broker.Start(t, broker.Options{})
	c, err := Open(Settings{Brokers: b.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var created atomic.Bool
	var denied atomic.Int32
	b.ControlKey(int16(kmsg.CreateTopics), func(kmsg.Request) (kmsg.Response, error, bool) {
		created.Store(true)
		return nil, nil, false
	})
	b.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		asked := req.(*kmsg.MetadataRequest).Topics
		if !created.Load() || len(asked) == 0 || denied.Load() >= 3 {
			return nil, nil, false
		}
		denied.Add(1)
		return unknown(req.(*kmsg.MetadataRequest)), nil, true
	})
	if err := EnsureTopics(t.Context(), c, counter(), Policy{}); err != nil {
		t.Fatal(err)
	}
	if denied.Load() == 0 {
		t.Error("the topics were always visible: nothing was tested")
	}
	m, err := c.metadata(t.Context(), "own")
	if err != nil || m.topics["own"].partitions != 8 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestTopicsMadeByAnotherProcess(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	errs := make(chan error)
	for range 4 {
		go func() { errs <- EnsureTopics(context.Background(), c, counter(), Policy{Partitions: 2}) }()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A topic that somebody has just made, and the broker that is asked does not know yet, is taken as it is.
func TestTopicJustMadeByAnother(t *testing.T) {
	t.Parallel()
	b := broker.Start(t, broker.Options{})
	c, err := Open(Settings{Brokers: b.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.make(t, "in", 5, nil)
	var denied atomic.Bool
	b.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		asked := req.(*kmsg.MetadataRequest).Topics
		if len(asked) == 0 || denied.Load() {
			return nil, nil, false
		}
		denied.Store(true)
		return unknown(req.(*kmsg.MetadataRequest)), nil, true
	})
	topo := &kernel.Topology{Name: "t", Processors: []*kernel.Processor{{Name: "only", Inputs: []*kernel.Input{{Topic: stream("in")}}}}}
	if err := EnsureTopics(t.Context(), c, topo, Policy{Partitions: 3}); err != nil {
		t.Fatal(err)
	}
	if m, err := c.metadata(t.Context(), "in"); err != nil || m.topics["in"].partitions != 5 || !denied.Load() {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestOffsetsOfTopicsAndGroups(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	c.make(t, "in", 2, nil)
	for range 3 {
		if err := c.kafka.ProduceSync(t.Context(), &kgo.Record{Topic: "in", Partition: 1}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, got any, err error, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
		}
	}
	ends, err := c.Ends(t.Context(), "in")
	check("ends", ends, err, map[string][]int64{"in": {0, 3}})
	stable, err := c.StableEnds(t.Context(), "in")
	check("stable ends", stable, err, map[string][]int64{"in": {0, 3}})
	if err := c.Purge(t.Context(), "in", map[int32]int64{1: 2}); err != nil {
		t.Error(err)
	}
	starts, err := c.Starts(t.Context(), "in")
	check("starts", starts, err, map[string][]int64{"in": {0, 2}})
	if _, err := c.Ends(t.Context(), "in", "absent"); !errors.Is(err, ErrNoTopic) {
		t.Errorf("ends of an absent topic: %v", err)
	}
	if _, err := c.TopicID(t.Context(), "absent"); !errors.Is(err, ErrNoTopic) {
		t.Errorf("id of an absent topic: %v", err)
	}
	committed, err := c.Committed(t.Context(), "group")
	check("an unknown group", committed, err, map[string]map[int32]int64{})
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "in", Partition: 1, At: 2, LeaderEpoch: -1})
	if _, err := c.admin.CommitOffsets(t.Context(), "group", offsets); err != nil {
		t.Fatal(err)
	}
	committed, err = c.Committed(t.Context(), "group")
	check("a group", committed, err, map[string]map[int32]int64{"in": {1: 2}})
}

func TestTopicMadeAnewHasAnotherID(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	c.make(t, "in", 1, nil)
	before, err := c.TopicID(t.Context(), "in")
	if err != nil || before == "" {
		t.Fatal(before, err)
	}
	if _, err := c.admin.DeleteTopic(t.Context(), "in"); err != nil {
		t.Fatal(err)
	}
	c.make(t, "in", 1, nil)
	if after, err := c.TopicID(t.Context(), "in"); after == before || err != nil {
		t.Errorf("the id is still %s, %v", after, err)
	}
}

// What a topic is declared to be created with must not be what the next start refuses it for.
func TestTopicsThatWouldBeRefusedAreNotCreated(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	for _, test := range []struct {
		name  string
		topic func(t *kernel.Topology) *kernel.Topic
		set   map[string]string
	}{
		{"a table that forgets", func(t *kernel.Topology) *kernel.Topic { return &t.Processors[0].Own.Topic }, map[string]string{"cleanup.policy": "delete"}},
		{"a table that forgets what is old", func(t *kernel.Topology) *kernel.Topic { return &t.Processors[0].Own.Topic }, map[string]string{"cleanup.policy": "compact,delete"}},
		{"a loop that forgets", func(t *kernel.Topology) *kernel.Topic { return &t.Processors[0].Loop.Topic }, map[string]string{"retention.ms": "1000"}},
		{"a loop that is compacted", func(t *kernel.Topology) *kernel.Topic { return &t.Processors[0].Loop.Topic }, map[string]string{"cleanup.policy": "compact"}},
	} {
		topo := counter()
		topic := test.topic(topo)
		topic.Configs = test.set
		if err := EnsureTopics(t.Context(), c, topo, Policy{Partitions: 2}); err == nil || !strings.Contains(err.Error(), `"`+topic.Name+`"`) {
			t.Errorf("%s: %v", test.name, err)
		}
		if m, err := c.admin.Metadata(t.Context()); err != nil || m.Topics.Has(topic.Name) {
			t.Errorf("%s: it was created, %v", test.name, err)
		}
	}
}
