package cli

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/tables/events"
)

// A worker is not ready while its registry is waited for, and is once it answers.
func TestRegistryIsPartOfHealth(t *testing.T) {
	t.Parallel()
	away := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if away {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"schema":"\"string\""}`))
	}))
	t.Cleanup(server.Close)
	s := settings.Default()
	s.SchemaRegistry.URL = []string{server.URL}
	intake, registry, err := openIntake(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	var app error
	health := registry.with(func() error { return app })
	for _, step := range []struct{ away, ready bool }{{true, false}, {false, true}} {
		away = step.away
		if _, err := intake.Registry.Schema(t.Context(), 1); (err == nil) != step.ready {
			t.Fatal(err)
		}
		if err := health(); (err == nil) != step.ready || errors.Is(err, events.ErrAway) == step.ready {
			t.Errorf("away is %t: %v", step.away, err)
		}
	}
	if app = errors.ErrUnsupported; !errors.Is(health(), app) {
		t.Errorf("the app is not at work, and health says %v", health())
	}
	_, none, err := openIntake(settings.Default())
	if health := none.with(func() error { return app }); err != nil || !errors.Is(health(), app) {
		t.Errorf("without a registry: %v, %v", err, health())
	}
}
