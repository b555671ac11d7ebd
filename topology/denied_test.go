package topology_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/broker"
)

// A right that is missing ends the app at once, with the resource and the right by name, whatever it is needed for.
func TestRightsThatAreMissing(t *testing.T) {
	t.Parallel()
	topic, group, transaction := kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeTransactionalId
	for name, test := range map[string]struct {
		right    broker.Right
		delivery topology.Delivery
	}{
		"read an input":            {right: broker.Right{Kind: topic, Name: "in", Operation: kmsg.ACLOperationRead}},
		"read a joined table":      {right: broker.Right{Kind: topic, Name: "joined", Operation: kmsg.ACLOperationRead}},
		"read a looked-up table":   {right: broker.Right{Kind: topic, Name: "looked-up", Operation: kmsg.ACLOperationRead}},
		"read the own table":       {right: broker.Right{Kind: topic, Name: "limits-p-table", Operation: kmsg.ACLOperationRead}},
		"write an output":          {right: broker.Right{Kind: topic, Name: "out", Operation: kmsg.ACLOperationWrite}},
		"write the own table":      {right: broker.Right{Kind: topic, Name: "limits-p-table", Operation: kmsg.ACLOperationWrite}},
		"describe the settings":    {right: broker.Right{Kind: topic, Name: "joined", Operation: kmsg.ACLOperationDescribeConfigs}},
		"be in the group":          {right: broker.Right{Kind: group, Name: "limits-p", Operation: kmsg.ACLOperationRead}},
		"write in a transaction":   {right: broker.Right{Kind: transaction, Name: "limits-p/me/0", Operation: kmsg.ACLOperationWrite}, delivery: topology.ExactlyOnce},
		"write an output, at once": {right: broker.Right{Kind: topic, Name: "out", Operation: kmsg.ACLOperationWrite}, delivery: topology.ExactlyOnce},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.NewBuilder("limits")
			p := topology.AddProcessor(b, "p", text)
			state, out := topology.Persist(p, count), topology.Output(p, stream("out"))
			topology.Join(p, table("joined"))
			topology.Lookup(p, table("looked-up"))
			topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
				if err := state.Set(r, r.Value); err != nil {
					return err
				}
				return out.Emit(r, r.Key, r.Value)
			})
			topo := mustBuild(t, b)
			cl := broker.Start(t, broker.Options{Denied: []broker.Right{test.right}})
			admin := topology.Config{
				Brokers: cl.ListenAddrs(), InMemory: true, Partitions: 1, SASL: &topology.SASL{Mechanism: "PLAIN", User: "admin", Password: "admin"},
				InstanceID: "me", Delivery: test.delivery,
			}
			if err := topology.CreateTopics(t.Context(), topo, admin); err != nil {
				t.Fatal(err)
			}
			producer, err := topology.OpenProducer(admin)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{"in", "joined", "looked-up", "limits-p-table"} { // an empty table is not read
				if err := topology.Produce(t.Context(), producer, stream(s), "k", 1); err != nil {
					t.Fatal(err)
				}
			}
			if err := producer.Close(); err != nil {
				t.Fatal(err)
			}
			cfg := admin
			cfg.SASL = &topology.SASL{Mechanism: "PLAIN", User: "limited", Password: "limited"}
			app, err := topology.NewApp(topo, cfg)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err = app.Run(ctx)
			if err == nil {
				t.Fatal("the app runs until it is stopped")
			}
			if !strings.Contains(err.Error(), `"`+test.right.Name+`"`) || !strings.Contains(err.Error(), "the right ") {
				t.Errorf("ended with %v", err)
			}
		})
	}
}
