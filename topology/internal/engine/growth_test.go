package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// A run whose topic gets more partitions, is made anew or deleted, ends with an error that names it, whatever the topic is to it; and no settle
// says meanwhile that all is at rest.
func TestTopicsThatChange(t *testing.T) {
	t.Parallel()
	for topic, change := range map[string]string{
		"in": "grows", "out": "grows", "test-counter-table": "grows", "joined": "grows", "looked-up": "grows", "test-looper-loop": "grows",
		"more": "is made anew", "looped": "is deleted",
	} {
		t.Run(topic+" "+change, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			c, _ := counter()
			c.Joins, c.Lookups = []*kernel.Table{counts("joined")}, []*kernel.Table{counts("looked-up")}
			l, _ := looper()
			l.Inputs[0].Topic.Name = "more"
			p := passing("passing", "in", &kernel.Output{Topic: kernel.Topic{Name: "looped"}})
			k := only(c, l, p)
			b.topics(k, 2)
			r := b.start(k, func(o *engine.Options) { o.WatchInterval = 10 * time.Millisecond }).started()
			r.settle()
			switch change {
			case "grows":
				_, err := b.admin.CreatePartitions(b.ctx, 1, topic)
				b.check(err)
			case "is deleted", "is made anew":
				_, err := b.admin.DeleteTopic(b.ctx, topic)
				b.check(err)
				if change == "is made anew" {
					_, err := b.admin.CreateTopic(b.ctx, 2, 1, nil, topic)
					b.check(err)
				}
			}
			if change == "grows" && (topic == "in" || topic == "joined" || topic == "looked-up") {
				if err := r.Settle(b.ctx); err == nil {
					t.Error("all is at rest, with partitions that nobody reads")
				}
			}
			err := r.wait()
			if !errors.Is(err, cluster.ErrTopicChanged) || !strings.Contains(err.Error(), `"`+topic+`"`) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}
