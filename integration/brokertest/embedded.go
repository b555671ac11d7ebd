//go:build !kafka

package brokertest

import (
	"testing"

	"github.com/eddystream/eddy/topology/topologytest"
)

// Start returns the addresses of a broker without topics that is the test's alone until its end.
func Start(t testing.TB) []string {
	t.Helper()
	return topologytest.StartBroker(t)
}

// Main returns what runs the tests of a package that calls [Start]: for its TestMain.
func Main(m *testing.M) interface{ Run() int } { return m }
