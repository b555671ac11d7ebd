package gokagroup

import (
	"crypto/sha256"
	"crypto/sha512"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/xdg-go/scram"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// Sarama is the one place that builds a configuration of sarama. Every call returns a new one. An instance makes a static member.
func Sarama(s cluster.Settings, instance string) *sarama.Config {
	s = s.WithDefaults()
	c := sarama.NewConfig()
	c.Version = sarama.V2_8_0_0 // topic ids, static members
	c.ClientID = s.ClientID

	// A topic that is missing is an error. Made by the broker it would have the wrong partitions and policy.
	c.Metadata.AllowAutoTopicCreation = false

	// A group without offsets begins at the start: a loop's first messages are sent before anyone reads it.
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	// An offset that the log no longer has is an error, not a jump over what was lost.
	c.Consumer.Group.ResetInvalidOffsets = false
	// Offsets are committed by requests of our own.
	c.Consumer.Offsets.AutoCommit.Enable = false
	// One partition whose records are not taken holds up the others of the client for this long.
	c.Consumer.MaxProcessingTime = 100 * time.Millisecond
	// A request whose answer is lost is given up before the group gives the member up.
	c.Net.DialTimeout = s.SessionTimeout / 2
	c.Net.ReadTimeout = s.SessionTimeout / 2
	c.Net.WriteTimeout = s.SessionTimeout / 2
	// A consumer stops only when its open fetch returns. (What groups process is read otherwise: see package source.)
	c.Consumer.MaxWaitTime = 50 * time.Millisecond
	c.Consumer.Return.Errors = true
	// Sarama reads no record. Were it to read committed ones only, it could not join while a transaction of a process that has died is open.
	c.Consumer.IsolationLevel = sarama.ReadUncommitted

	group := &c.Consumer.Group
	group.InstanceId = instance
	group.Session.Timeout = s.SessionTimeout
	// A member learns of a rebalance at its heartbeat.
	group.Heartbeat.Interval = min(500*time.Millisecond, s.SessionTimeout/3)
	group.Rebalance.Timeout = cluster.RebalanceTimeout
	group.Rebalance.Retry.Backoff = 250 * time.Millisecond
	group.Rebalance.Retry.Max = 40
	// Every member knows Goka's strategy too, so that members of a former release, which know no other, and new ones can be in one group.
	group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{NewSticky(nil), goka.CopartitioningStrategy}

	if s.TLS != nil {
		c.Net.TLS.Enable = true
		c.Net.TLS.Config = s.TLS.Clone()
	}
	if s.SASL != nil {
		c.Net.SASL.Enable = true
		c.Net.SASL.Handshake = true
		c.Net.SASL.Version = sarama.SASLHandshakeV1
		c.Net.SASL.Mechanism = sarama.SASLMechanism(s.SASL.Mechanism)
		c.Net.SASL.User = s.SASL.User
		c.Net.SASL.Password = s.SASL.Password
		switch s.SASL.Mechanism {
		case cluster.ScramSHA256:
			c.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: sha256.New} }
		case cluster.ScramSHA512:
			c.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: sha512.New} }
		}
	}
	return c
}

// scramClient is the conversation that sarama asks for.
type scramClient struct {
	hash         scram.HashGeneratorFcn
	conversation *scram.ClientConversation
}

func (c *scramClient) Begin(user, password, authzID string) error {
	client, err := c.hash.NewClient(user, password, authzID)
	if err != nil {
		return err
	}
	c.conversation = client.NewConversation()
	return nil
}

func (c *scramClient) Step(challenge string) (string, error) { return c.conversation.Step(challenge) }

func (c *scramClient) Done() bool { return c.conversation.Done() }
