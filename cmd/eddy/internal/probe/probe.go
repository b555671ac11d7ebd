// Package probe answers health checks of a worker over HTTP: /live while the process runs, /ready while it is at work: it owns its partitions,
// has recovered their tables, has processed the first of what waited there, and can read and write what it needs.
package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// ErrListen is wrapped by the error of an address that cannot be listened on.
var ErrListen = errors.New("cannot listen")

// Serve answers on address until ctx ends. It returns nil then, and [ErrListen] if it cannot listen. The worker is ready while health returns nil.
func Serve(ctx context.Context, address string, health func() error) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("health checks: %w: %w", ErrListen, err)
	}
	return serve(ctx, ln, health)
}

func serve(ctx context.Context, ln net.Listener, health func() error) error {
	server := &http.Server{Handler: handler(health), ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(stopped)
		_ = server.Close()
	})
	err := server.Serve(ln)
	if errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	return err
}

func handler(health func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "live") })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if err := health(); err != nil {
			answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // whoever asked may have left
}
