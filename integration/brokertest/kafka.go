//go:build kafka

package brokertest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/kafka"
)

// timeout bounds how long a cluster may take to start, a first download included, and to be emptied.
const timeout = 3 * time.Minute

// idle are the clusters that no test uses now. A start takes seconds, so tests that run one after the other share one; as many run
// side by side as tests do.
var idle struct {
	sync.Mutex
	clusters []*kafka.Cluster
}

// Start returns the addresses of a broker without topics that is the test's alone until its end.
func Start(t testing.TB) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	c, err := take(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
		defer cancel()
		if err := empty(ctx, c.Addrs()); err != nil {
			t.Logf("the broker is not used again: %v", err)
			if err := c.Stop(); err != nil {
				t.Error(err)
			}
			return
		}
		give(c)
	})
	return c.Addrs()
}

func take(ctx context.Context) (*kafka.Cluster, error) {
	idle.Lock()
	if n := len(idle.clusters); n > 0 {
		defer idle.Unlock()
		c := idle.clusters[n-1]
		idle.clusters = idle.clusters[:n-1]
		return c, nil
	}
	idle.Unlock()
	return kafka.Start(ctx, kafka.Options{JVM: []string{"-Xmx512m"}})
}

func give(c *kafka.Cluster) {
	idle.Lock()
	defer idle.Unlock()
	idle.clusters = append(idle.clusters, c)
}

// Main returns what runs the tests of a package that calls [Start]: for its TestMain. It stops the brokers when all tests are done.
func Main(m *testing.M) interface{ Run() int } { return runner{m} }

type runner struct{ m *testing.M }

// Run runs the tests and returns the exit code.
func (r runner) Run() int {
	code := r.m.Run()
	idle.Lock()
	defer idle.Unlock()
	for _, c := range idle.clusters {
		if err := c.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	idle.clusters = nil
	return code
}
