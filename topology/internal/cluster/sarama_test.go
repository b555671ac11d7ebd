package cluster

import (
	"crypto/tls"
	"reflect"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// TestSaramaSettings holds the configuration to what correctness and latency rest on.
func TestSaramaSettings(t *testing.T) {
	t.Parallel()
	c := Sarama(Settings{Brokers: []string{"a:1"}, InstanceID: "one"})
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, check := range []struct {
		why string
		ok  bool
	}{
		{"a group begins at the start: what was sent before it existed is not lost", c.Consumer.Offsets.Initial == sarama.OffsetOldest},
		{"an offset that is gone is an error", !c.Consumer.Group.ResetInvalidOffsets},
		{"the last flush of marks is done only with auto-commit", c.Consumer.Offsets.AutoCommit.Enable},
		{"marks reach the broker soon", c.Consumer.Offsets.AutoCommit.Interval <= 200*time.Millisecond},
		{"a slow partition does not hold up the others for long", c.Consumer.MaxProcessingTime <= 100*time.Millisecond},
		{"a stop waits for the open fetch", c.Consumer.MaxWaitTime <= 100*time.Millisecond},
		{"a rebalance is noticed at a heartbeat", c.Consumer.Group.Heartbeat.Interval <= 500*time.Millisecond},
		{"aborted records are not read", c.Consumer.IsolationLevel == sarama.ReadCommitted},
		{"errors are reported", c.Consumer.Return.Errors && c.Producer.Return.Errors && c.Producer.Return.Successes},
		{"topics are not made by accident", !c.Metadata.AllowAutoTopicCreation},
		{"retries neither repeat nor re-order", c.Producer.Idempotent && c.Net.MaxOpenRequests == 1},
		{"an acknowledged record is on all replicas", c.Producer.RequiredAcks == sarama.WaitForAll},
		{"no hop waits for company", c.Producer.Flush.Frequency == 0},
		{"static membership", c.Consumer.Group.InstanceId == "one"},
		{"topic ids and static members are spoken", c.Version.IsAtLeast(sarama.V2_8_0_0)},
	} {
		if !check.ok {
			t.Errorf("not so: %s", check.why)
		}
	}
}

func TestSaramaConfigurationsAreNotShared(t *testing.T) {
	t.Parallel()
	s := Settings{Brokers: []string{"a:1"}, TLS: &tls.Config{ServerName: "x", MinVersion: tls.VersionTLS12}}
	a, b := Sarama(s), Sarama(s)
	a.Consumer.MaxWaitTime = time.Hour
	a.Net.TLS.Config.ServerName = "y"
	if b.Consumer.MaxWaitTime == time.Hour || b.Net.TLS.Config.ServerName != "x" || s.TLS.ServerName != "x" {
		t.Error("a change of one configuration is seen in another")
	}
}

func TestSettingsProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settings Settings
		problems int
	}{
		{Settings{Brokers: []string{"a:1", "[::1]:2"}}, 0},
		{Settings{}, 1},
		{Settings{Brokers: []string{"a", "b:"}}, 2},
		{Settings{Brokers: []string{"a:1"}, SASL: &SASL{}}, 3},
		{Settings{Brokers: []string{"a:1"}, SASL: &SASL{Mechanism: Plain, User: "u", Password: "p"}}, 0},
	} {
		if got := c.settings.Problems(); len(got) != c.problems {
			t.Errorf("%+v: %v, want %d problems", c.settings, got, c.problems)
		}
	}
	if _, err := Open(Settings{}); err == nil {
		t.Error("a client without brokers was opened")
	}
	if !reflect.DeepEqual(Settings{}.withDefaults().Brokers, []string(nil)) {
		t.Error("brokers have a default")
	}
}
