package registry

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/eddystream/eddy/tables/events"
)

// A registry that nobody waits for any more does not keep a worker from being ready.
func TestHealthForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &Client{away: events.ErrAway, asked: time.Now()}
		time.Sleep(forgotten)
		if c.Health() == nil {
			t.Error("forgotten at once")
		}
		time.Sleep(time.Nanosecond)
		if err := c.Health(); err != nil {
			t.Error(err)
		}
	})
}
