package registry_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/internal/registry"
	"github.com/eddystream/eddy/tables/events"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")) // sarama's, once a process
}

func openClient(t *testing.T, cfg registry.Config) *registry.Client {
	t.Helper()
	c, err := registry.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A schema is read with those that it refers to, each before it is named, over TLS and with a password.
func TestSchema(t *testing.T) {
	t.Parallel()
	fake := srfake.New(srfake.WithAuth("Basic bWU6c2VjcmV0"))
	t.Cleanup(fake.Close)
	page := sr.Schema{Schema: `{"type":"record","name":"P","fields":[]}`}
	link := sr.Schema{Schema: `{"type":"record","name":"L","fields":[{"name":"p","type":"P"}]}`, References: []sr.SchemaReference{{Name: "P", Subject: "p", Version: 1}}}
	whole := sr.Schema{Schema: `{"type":"record","name":"W","fields":[]}`, References: []sr.SchemaReference{
		{Name: "L", Subject: "l", Version: 1}, {Name: "P", Subject: "p", Version: 1},
	}}
	fake.SeedSchema("p", 1, 1, page)
	fake.SeedSchema("l", 1, 2, link)
	fake.SeedSchema("w", 1, 3, whole)
	fake.SeedSchema("j", 1, 4, sr.Schema{Schema: `{}`, Type: sr.TypeJSON})
	server := httptest.NewTLSServer(fake.Handler())
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	c := openClient(t, registry.Config{URLs: []string{server.URL}, User: "me", Password: "secret", TLS: &tls.Config{RootCAs: roots}})
	got, err := c.Schema(t.Context(), 3)
	if want := []string{page.Schema, link.Schema, whole.Schema}; err != nil || got.Type != "AVRO" || !slices.Equal(got.Texts, want) {
		t.Errorf("%+v, %v, want %q", got, err, want)
	}
	if got, err := c.Schema(t.Context(), 4); err != nil || got.Type != "JSON" {
		t.Errorf("%+v, %v", got, err)
	}
	for name, other := range map[string]registry.Config{
		"another authority": {URLs: []string{server.URL}, User: "me", Password: "secret"},
		"another password":  {URLs: []string{server.URL}, User: "me", Password: "Geheim", TLS: &tls.Config{RootCAs: roots}},
		"no password":       {URLs: []string{server.URL}, TLS: &tls.Config{RootCAs: roots}},
	} {
		c := openClient(t, other)
		_, err := c.Schema(t.Context(), 3)
		if !errors.Is(err, events.ErrAway) || c.Health() == nil || strings.Contains(err.Error(), "Geheim") {
			t.Errorf("%s: %v, %v", name, err, c.Health())
		}
	}
}

// There is no such schema only where the registry says so. All else may pass, and health says it until it has.
func TestAway(t *testing.T) {
	t.Parallel()
	answer := make(chan http.HandlerFunc, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (<-answer)(w, r) }))
	t.Cleanup(server.Close)
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	c := openClient(t, registry.Config{URLs: []string{server.URL}, Timeout: 200 * time.Millisecond})
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   error
	}{
		{"no schema", says(404, `{"error_code":40403,"message":"Schema 7 not found"}`), events.ErrNoSchema},
		{"another service", says(404, `<html>nothing here</html>`), events.ErrAway},
		{"a page of a proxy", says(200, `<html>log in</html>`), events.ErrAway},
		{"an error", says(500, `{"error_code":50001}`), events.ErrAway},
		{"not let in", says(401, ``), events.ErrAway},
		{"forbidden", says(403, ``), events.ErrAway},
		{"too many requests", says(429, ``), events.ErrAway},
		{"an endless answer", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, events.ErrAway},
		{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, events.ErrAway},
		{"a schema", says(200, `{"schema":"\"string\""}`), nil},
	} {
		answer <- test.answer
		s, err := c.Schema(t.Context(), 7)
		if !errors.Is(err, test.want) || test.want == nil && (s.Type != "AVRO" || !slices.Equal(s.Texts, []string{`"string"`})) {
			t.Errorf("%s: %+v, %v", test.name, s, err)
		}
		if len(errText(err)) > 600 {
			t.Errorf("%s: an error of %d bytes", test.name, len(err.Error()))
		}
		if away := c.Health() != nil; away != errors.Is(test.want, events.ErrAway) {
			t.Errorf("%s: healthy is %t", test.name, !away)
		}
	}
	server.Close()
	if _, err := c.Schema(t.Context(), 7); !errors.Is(err, events.ErrAway) || c.Health() == nil {
		t.Errorf("closed: %v", err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Who asks may go, which says nothing of the registry.
func TestSchemaInterrupted(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := openClient(t, registry.Config{URLs: []string{server.URL}, Timeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := c.Schema(ctx, 1); err == nil || c.Health() != nil {
		t.Errorf("%v, %v", err, c.Health())
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"registry:8081", "https://me@registry", "ftp://registry", "http://", "http://me:secret@registry", "http://me:secret@reg istry", ""} {
		if _, err := registry.Open(registry.Config{URLs: []string{bad}}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A schema may refer to so many others that they are no schema any more.
func TestReferencesAreBounded(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"schema":"{}","references":[{"name":"x","subject":"s` + strings.Repeat("s", asked) + `","version":1}]}`))
	}))
	t.Cleanup(server.Close)
	c := openClient(t, registry.Config{URLs: []string{server.URL}})
	if _, err := c.Schema(t.Context(), 1); err == nil || errors.Is(err, events.ErrAway) || asked > 1500 {
		t.Errorf("%d requests, %v", asked, err)
	}
}
