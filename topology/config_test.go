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
