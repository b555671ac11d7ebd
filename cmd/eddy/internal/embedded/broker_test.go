package embedded_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/cmd/eddy/internal/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, cfg embedded.Config) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func connect(t *testing.T, addrs []string) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestBrokerKeepsItsData(t *testing.T) {
	t.Parallel()
	cfg := embedded.Config{DataDir: t.TempDir(), SyncWrites: true}
	first, err := embedded.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client := connect(t, first.Addrs())
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 3, 1, nil, "kept"); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(t.Context(), kgo.KeySliceRecord([]byte("k"), []byte("v"))).FirstErr(); err == nil {
		t.Fatal("a record without a topic was taken")
	}
	record := &kgo.Record{Topic: "kept", Key: []byte("k"), Value: []byte("v")}
	if err := client.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	before := clusterID(t, client)
	client.Close()
	first.Close()

	client = connect(t, start(t, cfg).Addrs())
	ends, err := kadm.NewClient(client).ListEndOffsets(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	if offset, ok := ends.Lookup("kept", record.Partition); !ok || offset.Offset != 1 || len(ends["kept"]) != 3 {
		t.Errorf("after the restart: %+v", ends)
	}
	if after := clusterID(t, client); after != before {
		t.Errorf("cluster %q became %q", before, after)
	}
}

func clusterID(t *testing.T, client *kgo.Client) string {
	t.Helper()
	meta, err := kadm.NewClient(client).BrokerMetadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return meta.Cluster
}

func TestBrokersDiffer(t *testing.T) {
	t.Parallel()
	a, b := start(t, embedded.Config{}), start(t, embedded.Config{})
	if clusterID(t, connect(t, a.Addrs())) == clusterID(t, connect(t, b.Addrs())) {
		t.Error("two brokers say that they are one cluster")
	}
}

func TestBrokerAdvertises(t *testing.T) {
	t.Parallel()
	b := start(t, embedded.Config{Listen: "127.0.0.1:0", Advertise: "localhost"})
	host, port, err := net.SplitHostPort(b.Addrs()[0])
	if err != nil || host != "localhost" || port == "0" {
		t.Fatalf("address %q", b.Addrs()[0])
	}
	// Clients are sent on to the advertised address: bootstrap by number, then work by name.
	client := connect(t, []string{net.JoinHostPort("127.0.0.1", port)})
	meta, err := kadm.NewClient(client).BrokerMetadata(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if meta.Brokers[0].Host != "localhost" {
		t.Errorf("clients are told %q", meta.Brokers[0].Host)
	}
}

func TestBrokerRefuses(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]embedded.Config{
		"no port":                     {Listen: "127.0.0.1"},
		"port out of range":           {Listen: "127.0.0.1:70000"},
		"every interface, no address": {Listen: ":0"},
		"sync without a directory":    {SyncWrites: true},
	} {
		if b, err := embedded.Start(cfg); err == nil {
			b.Close()
			t.Errorf("%s: started", name)
		}
	}
}

// Two brokers that write the same files would lose what each has acknowledged.
func TestDataIsOfOneBroker(t *testing.T) {
	t.Parallel()
	cfg := embedded.Config{DataDir: t.TempDir()}
	first := start(t, cfg)
	if second, err := embedded.Start(cfg); err == nil {
		second.Close()
		t.Fatal("two brokers run on one folder")
	} else if !strings.Contains(err.Error(), cfg.DataDir) {
		t.Error(err)
	}
	first.Close()
	start(t, cfg)
}
