package integration_test

import (
	"os"
	"testing"

	"github.com/eddystream/eddy/integration/brokertest"
)

func TestMain(m *testing.M) { os.Exit(brokertest.Main(m).Run()) }
