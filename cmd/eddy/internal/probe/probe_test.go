package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

func TestServe(t *testing.T) {
	t.Parallel()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var trouble atomic.Pointer[error]
	recovering := errors.New("recovering")
	trouble.Store(&recovering)
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, ln, func() error {
			if err := trouble.Load(); err != nil {
				return *err
			}
			return nil
		})
	}()
	get := func(path string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ln.Addr().String()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if code, body := get("/live"); code != http.StatusOK || body != "live\n" {
		t.Errorf("live: %d %q", code, body)
	}
	if code, body := get("/ready"); code != http.StatusServiceUnavailable || body != "recovering\n" {
		t.Errorf("before it is ready: %d %q", code, body)
	}
	trouble.Store(nil)
	if code, body := get("/ready"); code != http.StatusOK || body != "ready\n" {
		t.Errorf("ready: %d %q", code, body)
	}
	trouble.Store(&recovering) // it may stop being ready
	if code, _ := get("/ready"); code != http.StatusServiceUnavailable {
		t.Errorf("in trouble: %d", code)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestServeAddressInUse(t *testing.T) {
	t.Parallel()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := Serve(t.Context(), ln.Addr().String(), nil); err == nil {
		t.Error("an address in use was served")
	}
}
