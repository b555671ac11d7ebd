package registry_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/eddystream/eddy/internal/registry"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// What another library has written in Confluent's wire format comes in once its registry lets the worker in, in order, and asks for its schema once.
func TestIntakeByARegistry(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	fake := srfake.New(srfake.WithAuth("Basic bWU6c2VjcmV0"))
	t.Cleanup(fake.Close)
	fake.SeedSchema("incoming-renders-value", 1, 77, sr.Schema{Schema: schemas.Releases.MustFormat("eddy.Render").Schema().String()})
	var open atomic.Bool
	var answered, refused atomic.Int64
	again := make(chan struct{})
	twice := sync.OnceFunc(func() { close(again) })
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !open.Load() {
			if w.WriteHeader(http.StatusUnauthorized); refused.Add(1) == 2 {
				twice()
			}
			return
		}
		answered.Add(1)
		fake.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := openClient(t, registry.Config{URLs: []string{server.URL}, User: "me", Password: "secret", TLS: &tls.Config{RootCAs: roots}})
	topo, err := processors.New(processors.Options{Intake: &processors.Intake{Registry: client}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := topology.Config{Brokers: topologytest.StartBroker(t), Partitions: 1}
	app := topologytest.RunApp(t, topo, cfg)
	kafka, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	ids := []string{"a", "b", "c"}
	for _, id := range ids {
		value, err := events.RenderCodec().Encode(events.Render{
			Meta: events.Meta{ID: id}, Wiki: "w", Start: time.Unix(1_700_000_000, 0), Page: events.RenderPage{ID: 1, Title: "P"}, Revision: events.RenderRevision{ID: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		wired, err := new(sr.ConfluentHeader).AppendEncode(nil, 77, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := kafka.ProduceSync(ctx, &kgo.Record{Topic: tables.IncomingRenders.Topic(), Value: append(wired, value[10:]...)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-again:
	case <-ctx.Done():
		t.Fatal("the registry is not asked again")
	}
	if client.Health() == nil {
		t.Error("a registry that does not let us in is no matter of health")
	}
	open.Store(true)
	if err := app.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	ends, err := topology.Ends(ctx, cfg, tables.Renders)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := topology.Read(ctx, cfg, tables.Renders, nil, ends, func(_ context.Context, r *topology.Record[tables.PageKey, events.Render]) error {
		got = append(got, r.Value.Meta.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, ids) || answered.Load() != 1 || client.Health() != nil {
		t.Errorf("got %q after %d answers; health says %v", got, answered.Load(), client.Health())
	}
}
