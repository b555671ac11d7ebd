//go:build kafka

package kafka_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/eddystream/eddy/integration/kafka"
)

// A broker that comes back without the tail of a log goes on where that ends now.
func TestLostTail(t *testing.T) {
	t.Parallel()
	b := setup(t, kafka.Options{})
	b.topic("words", 1)
	b.topic("others", 1)
	b.write("words", numbered(20)...)
	b.write("others", numbered(20)...)
	if _, err := b.LoseTail(0, "words", 0, 7); err == nil {
		t.Error("the tail of a broker that runs was lost")
	}
	must(t, b.Kill(0))
	end, err := b.LoseTail(0, "words", 0, 7)
	must(t, err)
	if _, err := b.LoseTail(0, "no-topic", 0, 7); err == nil {
		t.Error("a log that is not there lost its tail")
	}
	must(t, b.StartBroker(b.ctx, 0))
	ends, err := b.admin.ListEndOffsets(b.ctx, "words", "others")
	must(t, err)
	words, _ := ends.Lookup("words", 0)
	others, _ := ends.Lookup("others", 0)
	if end != 7 || words.Offset != 7 || others.Offset != 20 {
		t.Errorf("cut at %d; the logs end at %d and %d", end, words.Offset, others.Offset)
	}
	b.connect() // the former client's producer is behind what the log has
	b.write("words", "new")
	if got, want := b.read("words", 8), strings.Join(append(numbered(7), "new"), " "); got != want {
		t.Errorf("read %q, want %q", got, want)
	}
}

// A log is cut across segments too.
func TestLostTailOfSegments(t *testing.T) {
	t.Parallel()
	b := setup(t, kafka.Options{})
	_, err := b.admin.CreateTopic(b.ctx, 1, -1, map[string]*string{"segment.bytes": new("1048576")}, "words")
	must(t, err)
	big := strings.Repeat("x", 400_000)
	b.write("words", big, big, big, big, big, big, big)
	must(t, b.Kill(0))
	end, err := b.LoseTail(0, "words", 0, 1)
	must(t, err)
	must(t, b.StartBroker(b.ctx, 0))
	ends, err := b.admin.ListEndOffsets(b.ctx, "words")
	must(t, err)
	if words, _ := ends.Lookup("words", 0); end != 1 || words.Offset != 1 {
		t.Errorf("cut at %d; the log ends at %d", end, words.Offset)
	}
}

// A user may do what ACLs allow, from the moment on that they do; who does not log in may do everything.
func TestUsers(t *testing.T) {
	t.Parallel()
	b := setup(t, kafka.Options{Users: map[string]string{"ada": "lovelace"}})
	b.topic("words", 1)
	b.write("words", "before")
	login := func(password string) *kgo.Client {
		client, err := kgo.NewClient(kgo.SeedBrokers(b.SecureAddrs()...), kgo.DefaultProduceTopic("words"), kgo.MetadataMinAge(50*time.Millisecond),
			kgo.SASL(plain.Auth{User: "ada", Pass: password}.AsMechanism()))
		must(t, err)
		t.Cleanup(client.Close)
		return client
	}
	write := func(c *kgo.Client) error {
		ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
		defer cancel()
		return c.ProduceSync(ctx, kgo.StringRecord("by ada")).FirstErr()
	}
	ada := login("lovelace")
	if err := write(ada); !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("written without a right: %v", err)
	}
	allow := kadm.NewACLs().Topics("words").Operations(kadm.OpWrite, kadm.OpDescribe).Allow("User:ada").AllowHosts().ResourcePatternType(kadm.ACLPatternLiteral)
	_, err := b.admin.CreateACLs(b.ctx, allow)
	must(t, err)
	eventually(t, "ada may write", func() bool { return write(ada) == nil })
	if err := write(login("wrong")); err == nil {
		t.Error("written with a wrong password")
	}
}
