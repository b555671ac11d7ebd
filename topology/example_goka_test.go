package topology_test

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// A plain Goka program gets the hasher by an option, such as goka.WithViewHasher(hasher), and then finds an order in the partition of its
// customer, where Eddy has put it.
func ExampleGokaHasher() {
	orders := topology.NewTable("shop-orders-table", customerFirst{codecs.String[string]()}, codecs.String[string]())
	hasher := topology.GokaHasher(orders.KeyCodec())
	for _, key := range []string{"ada/1", "ada/2", "bob/1"} {
		h := hasher()
		h.Write([]byte(key))
		fmt.Printf("%s: partition %d of 8\n", key, h.Sum32()%8)
	}
	// Output:
	// ada/1: partition 5 of 8
	// ada/2: partition 5 of 8
	// bob/1: partition 6 of 8
}
