package topology_test

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Confluent's GlobalKTablesExample for Kafka Streams: orders are enriched from two tables, by keys that are in the order and not its own. A
// table that is looked up is held whole by every process, so any key will do.
func Example_globalTables() {
	type Order struct{ Customer, Product int64 }
	type Product struct{ Name, Supplier string }
	id, text := codecs.Int64(), codecs.String[string]()
	orders := topology.NewStream("orders", id, codecs.JSON[Order]())
	customers := topology.NewTable("customers", id, text)
	products := topology.NewTable("products", id, codecs.JSON[Product]())
	enriched := topology.NewStream("enriched-orders", id, text)

	b := topology.NewBuilder("orders")
	p := topology.AddProcessor(b, "enrich", id)
	customer, product := topology.Lookup(p, customers), topology.Lookup(p, products)
	out := topology.Output(p, enriched)
	topology.Input(p, orders).Handle(func(_ context.Context, r *topology.Record[int64, Order]) error {
		name, known, err := customer.Get(r, r.Value.Customer)
		if err != nil || !known {
			return err // an inner join: orders of nobody are dropped
		}
		bought, known, err := product.Get(r, r.Value.Product)
		if err != nil || !known {
			return err
		}
		return out.Emit(r, r.Key, fmt.Sprintf("%s: %s, from %s", name, bought.Name, bought.Supplier))
	})

	d := drive(b)
	topologytest.Seed(d, customers).Send(7, "Ada")
	topologytest.Seed(d, products).Send(40, Product{"lamp", "Lumen & Co"})
	in := topologytest.Input(d, orders)
	in.Send(1, Order{Customer: 7, Product: 40})
	in.Send(2, Order{Customer: 8, Product: 40})
	for _, order := range topologytest.Output(d, enriched).All() {
		fmt.Println(order.Key, order.Value)
	}
	// Output:
	// 1 Ada: lamp, from Lumen & Co
}
