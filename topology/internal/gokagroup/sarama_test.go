package gokagroup

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// TestSaramaSettings holds the configuration to what correctness and latency rest on.
func TestSaramaSettings(t *testing.T) {
	t.Parallel()
	c := Sarama(cluster.Settings{Brokers: []string{"a:1"}}, "one")
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, check := range []struct {
		why string
		ok  bool
	}{
		{"a group begins at the start: what was sent before it existed is not lost", c.Consumer.Offsets.Initial == sarama.OffsetOldest},
		{"an offset that is gone is an error", !c.Consumer.Group.ResetInvalidOffsets},
		{"a lost answer is given up before the group gives the member up", c.Net.ReadTimeout < c.Consumer.Group.Session.Timeout},
		{"offsets are committed by requests of our own", !c.Consumer.Offsets.AutoCommit.Enable},
		{"a slow partition does not hold up the others for long", c.Consumer.MaxProcessingTime <= 100*time.Millisecond},
		{"a stop waits for the open fetch", c.Consumer.MaxWaitTime <= 100*time.Millisecond},
		{"a rebalance is noticed at a heartbeat", c.Consumer.Group.Heartbeat.Interval <= 500*time.Millisecond},
		{"an open transaction is no reason not to join", c.Consumer.IsolationLevel == sarama.ReadUncommitted},
		{"errors are reported", c.Consumer.Return.Errors},
		{"topics are not made by accident", !c.Metadata.AllowAutoTopicCreation},
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
	s := cluster.Settings{Brokers: []string{"a:1"}, TLS: &tls.Config{ServerName: "x", MinVersion: tls.VersionTLS12}}
	a, b := Sarama(s, ""), Sarama(s, "")
	a.Consumer.MaxWaitTime = time.Hour
	a.Net.TLS.Config.ServerName = "y"
	if b.Consumer.MaxWaitTime == time.Hour || b.Net.TLS.Config.ServerName != "x" || s.TLS.ServerName != "x" {
		t.Error("a change of one configuration is seen in another")
	}
}
