package topology_test

import (
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
)

func TestConfigReportsEveryProblem(t *testing.T) {
	t.Parallel()
	cfg := topology.Config{
		Brokers:      []string{"nowhere", "host:9092"},
		SASL:         &topology.SASL{Mechanism: "GSSAPI"},
		Partitions:   -1,
		DrainTimeout: time.Hour,
		CacheBytes:   -5,
		SendBuffer:   10,
		Processors:   []string{"a", "a"},
	}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`brokers: "nowhere"`, `mechanism "GSSAPI"`, "sasl: no user", "sasl: no password", "data dir", "partitions: negative (-1)",
		"cache bytes: negative (-5)", "drain timeout: 1h0m0s", "send buffer: 10 bytes", `processors: "a" twice`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "host:9092") {
		t.Errorf("a good broker is reported:\n%v", err)
	}
}

func TestConfigNeedsBrokersAndAFolder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cfg  topology.Config
		want string
	}{
		{"nothing", topology.Config{}, "brokers: none given"},
		{"no folder", topology.Config{Brokers: []string{"a:1"}}, "data dir: required"},
		{"in memory", topology.Config{Brokers: []string{"a:1"}, InMemory: true}, ""},
		{"on disk", topology.Config{Brokers: []string{"a:1"}, DataDir: "data"}, ""},
	} {
		err := c.cfg.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// Dead letters in a topic of the topology would be its own input, or spoil a table.
func TestDeadLettersHaveATopicOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := topology.NewBuilder("t")
	p := processor(b, "p", "in")
	topology.Output(p, stream("out"))
	topology.Persist(p, count)
	topology.AddStore(p, "s", text, count)
	topology.Lookup(p, table("rows"))
	topology.Loop(p, count).Handle(nothing)
	topo := mustBuild(t, b)
	cfg := topology.Config{Brokers: []string{"127.0.0.1:1"}, InMemory: true, OnError: topology.EveryPhase(topology.DeadLetter())}
	for _, cfg.DeadLetterTopic = range []string{"in", "out", "t-p-table", "t-p-s-changelog", "rows", "t-p-loop"} {
		if app, err := topology.NewApp(topo, cfg); err == nil {
			app.Close()
			t.Errorf("%q is taken", cfg.DeadLetterTopic)
		} else if !strings.Contains(err.Error(), `dead letter topic: "`+cfg.DeadLetterTopic+`"`) {
			t.Error(err)
		}
	}
	cfg.DeadLetterTopic = "dead"
	app, err := topology.NewApp(topo, cfg)
	if err != nil {
		t.Fatal(err)
	}
	app.Close()
}

// What a group would refuse is said before it is asked, and by the name of the field.
func TestConfigRefusesWhatGroupsRefuse(t *testing.T) {
	t.Parallel()
	for field, cfg := range map[string]topology.Config{
		"instance id":      {InstanceID: "a b"},
		"instance id: has": {InstanceID: strings.Repeat("x", 250)},
		"session timeout":  {SessionTimeout: 1},
		"partitions":       {Partitions: 1 << 40},
		"replication":      {Replication: 1 << 20},
		"max record bytes": {MaxRecordBytes: 1 << 40},
	} {
		cfg.Brokers, cfg.InMemory = []string{"127.0.0.1:1"}, true
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
