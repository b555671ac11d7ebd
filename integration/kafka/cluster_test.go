//go:build kafka

package kafka_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/integration/kafka"
)

func TestOneBroker(t *testing.T) {
	t.Parallel()
	b := setup(t, kafka.Options{})
	if got := len(b.Addrs()); got != 1 {
		t.Fatalf("%d addresses", got)
	}
	b.topic("words", 1)
	b.write("words", "to", "be")
	if got := b.read("words", 2); got != "to be" {
		t.Errorf("read %q", got)
	}
	err := b.client.ProduceSync(b.ctx, &kgo.Record{Topic: "never-made", Value: []byte("v")}).FirstErr()
	if !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("a topic that nobody made took a record: %v", err)
	}
}

// One broker is enough for transactions: readers see what was committed, and that only, and a group's offsets go along.
func TestTransactions(t *testing.T) {
	t.Parallel()
	b := setup(t, kafka.Options{})
	b.topic("words", 1)
	b.topic("copies", 1)
	b.write("words", "to", "be")
	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(b.Addrs()...), kgo.TransactionalID("copier"), kgo.ConsumerGroup("copiers"),
		kgo.ConsumeTopics("words"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	must(t, err)
	defer session.Close()
	mark := map[kgo.TransactionEndTry]byte{kgo.TryAbort: '!', kgo.TryCommit: '?'}
	for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} { // an abort rewinds the group
		records := 0
		must(t, session.Begin())
		for records < 2 {
			fetches := session.PollFetches(b.ctx)
			must(t, b.ctx.Err())
			fetches.EachRecord(func(r *kgo.Record) {
				records++
				session.Produce(b.ctx, &kgo.Record{Topic: "copies", Value: append(r.Value, mark[end])}, nil)
			})
		}
		committed, err := session.End(b.ctx, end)
		must(t, err)
		if committed != bool(end) {
			t.Fatalf("committed: %v, asked for %v", committed, end)
		}
	}
	if got := b.read("copies", 2, kgo.FetchIsolationLevel(kgo.ReadCommitted())); got != "to? be?" {
		t.Errorf("read %q", got)
	}
	offsets, err := b.admin.FetchOffsets(b.ctx, "copiers")
	must(t, err)
	if at, ok := offsets.Lookup("words", 0); !ok || at.At != 2 {
		t.Errorf("the group is at %+v", at)
	}
}

func TestThreeBrokers(t *testing.T) {
	t.Parallel()
	b := setup(t, kafka.Options{Brokers: 3})
	b.topic("words", 1)
	b.write("words", "before")
	topics, err := b.admin.ListTopics(b.ctx, "words")
	must(t, err)
	leader := topics["words"].Partitions[0].Leader
	if replicas := topics["words"].Partitions[0].Replicas; len(replicas) != 3 {
		t.Fatalf("replicas %v", replicas)
	}
	at := int(leader) - 1
	must(t, b.Kill(at))
	if err := b.Kill(at); err == nil {
		t.Error("killed twice")
	}
	b.write("words", "meanwhile") // by another leader
	must(t, b.StartBroker(b.ctx, at))
	if err := b.StartBroker(b.ctx, at); err == nil {
		t.Error("started twice")
	}
	must(t, b.StopBroker((at+1)%3))
	b.write("words", "again")
	must(t, b.Pause((at+2)%3))
	must(t, b.Kill(at)) // no quorum any more
	must(t, b.Heal(b.ctx))
	must(t, b.Heal(b.ctx))
	if err := b.Continue((at + 2) % 3); err == nil {
		t.Error("it was left paused")
	}
	b.write("words", "after")
	if got := b.read("words", 4); got != "before meanwhile again after" {
		t.Errorf("read %q", got)
	}
}

// A paused broker answers nothing, and all that it was asked when it runs on.
func TestPause(t *testing.T) {
	t.Parallel()
	b := setup(t, kafka.Options{})
	b.topic("words", 1)
	b.write("words", "before")
	must(t, b.Pause(0))
	if err := b.Pause(0); err == nil {
		t.Error("paused twice")
	}
	written := make(chan error, 1)
	b.client.Produce(b.ctx, &kgo.Record{Topic: "words", Value: []byte("after")}, func(_ *kgo.Record, err error) { written <- err })
	conn, err := net.Dial("tcp", b.Addrs()[0]) // the system accepts
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(200*time.Millisecond)))
	_, err = conn.Write([]byte("\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\x00\x00")) // ApiVersions
	must(t, err)
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a paused broker answered: %v", err)
	}
	select {
	case err := <-written:
		t.Errorf("a paused broker took a record: %v", err)
	default:
	}
	must(t, b.Continue(0))
	if err := b.Continue(0); err == nil {
		t.Error("continued twice")
	}
	must(t, <-written)
	if got := b.read("words", 2); got != "before after" {
		t.Errorf("read %q", got)
	}
}

// Two clusters on one folder, one after the other: the second one has what was written to the first.
func TestDataIsKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "with, a = ü")
	var addrs []string
	t.Run("first", func(t *testing.T) {
		b := setup(t, kafka.Options{Dir: dir})
		b.topic("words", 1)
		b.write("words", numbered(10)...)
		addrs = b.Addrs()
	})
	t.Run("second", func(t *testing.T) {
		b := setup(t, kafka.Options{Dir: dir})
		if got, want := b.read("words", 10), strings.Join(numbered(10), " "); got != want {
			t.Errorf("read %q", got)
		}
		if _, err := net.Dial("tcp", addrs[0]); err == nil && addrs[0] != b.Addrs()[0] {
			t.Error("the first cluster still listens")
		}
	})
	t.Run("fewer brokers", func(t *testing.T) {
		must(t, os.Mkdir(filepath.Join(dir, "broker-2"), 0o755))
		c, err := kafka.Start(t.Context(), kafka.Options{Dir: dir})
		if err == nil {
			must(t, c.Stop())
		}
		if err == nil || !strings.Contains(err.Error(), "more than 1 brokers") {
			t.Errorf("started on a folder of two brokers: %v", err)
		}
	})
}

func TestClustersSideBySide(t *testing.T) {
	t.Parallel()
	a, b := setup(t, kafka.Options{}), setup(t, kafka.Options{})
	a.topic("words", 1)
	b.topic("words", 1)
	a.write("words", "a")
	b.write("words", "b")
	if x, y := a.read("words", 1), b.read("words", 1); x != "a" || y != "b" {
		t.Errorf("read %q and %q", x, y)
	}
}

// While a broker is down nobody gets its port.
func TestPortsAreKept(t *testing.T) {
	t.Parallel()
	a := setup(t, kafka.Options{})
	before := slices.Clone(a.Addrs())
	must(t, a.Kill(0))
	_, port, err := net.SplitHostPort(before[0])
	must(t, err)
	number, err := net.LookupPort("tcp", port)
	must(t, err)
	if c, err := kafka.Start(t.Context(), kafka.Options{Port: number}); err == nil {
		must(t, c.Stop())
		t.Error("another cluster got the port")
	}
	must(t, a.StartBroker(a.ctx, 0))
	if after := a.Addrs(); !slices.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}
	a.topic("words", 1)
	a.write("words", "again")
}

func TestStop(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	c, err := kafka.Start(t.Context(), kafka.Options{Log: &log, JVM: []string{"-Xmx512m"}})
	must(t, err)
	conn, err := net.Dial("tcp", c.Addrs()[0])
	must(t, err)
	defer conn.Close()
	must(t, c.Stop())
	must(t, c.Stop())
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the broker's connections outlive it")
	}
	for what, err := range map[string]error{
		"kill": c.Kill(0), "pause": c.Pause(0), "start": c.StartBroker(t.Context(), 0),
	} {
		if err == nil {
			t.Errorf("%s after the stop", what)
		}
	}
	if !strings.Contains(log.String(), "broker 0: ") {
		t.Errorf("log %q", log.String())
	}
}

func TestStartRefuses(t *testing.T) {
	none := t.TempDir()
	for _, tt := range []struct {
		name string
		opt  kafka.Options
		env  [2]string
		want string
	}{
		{"brokers", kafka.Options{Brokers: -1}, [2]string{}, "-1 brokers"},
		{"port", kafka.Options{Port: 65535, Brokers: 3}, [2]string{}, "from port 65535"},
		{"no Java", kafka.Options{}, [2]string{"PATH", none}, "Java 17 or newer is needed"},
		{"no Java at home", kafka.Options{}, [2]string{"JAVA_HOME", none}, "JAVA_HOME"},
		{"no jars", kafka.Options{}, [2]string{kafka.JarsVariable, none}, kafka.JarsVariable},
		{"setting", kafka.Options{Config: map[string]string{"log.retention.ms": "soon"}}, [2]string{}, "log.retention.ms"},
		{"option of the JVM", kafka.Options{JVM: []string{"-Xmx1potato"}}, [2]string{}, "Xmx1potato"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.env[0] != "" {
				t.Setenv(tt.env[0], tt.env[1])
			}
			c, err := kafka.Start(t.Context(), tt.opt)
			if err == nil {
				must(t, c.Stop())
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	log := &trigger{on: "controller activation", do: cancel} // on the way
	c, err := kafka.Start(ctx, kafka.Options{Dir: dir, Log: log})
	if err == nil {
		must(t, c.Stop())
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "broker-1", "data", ".lock")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// trigger does something when a text passes.
type trigger struct {
	on string
	do func()
}

func (w *trigger) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.on) {
		w.do()
	}
	return len(p), nil
}
