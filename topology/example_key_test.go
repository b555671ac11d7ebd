package topology_test

import (
	"strings"

	"github.com/eddystream/eddy/codecs"
)

// customerFirst is a codec of "customer/order" whose customer decides the partition.
type customerFirst struct{ codecs.Codec[string] }

func (customerFirst) HashPart(key []byte) []byte {
	customer, _ := cut(string(key))
	return []byte(customer)
}

func cut(key string) (customer, order string) {
	customer, order, _ = strings.Cut(key, "/")
	return customer, order
}
