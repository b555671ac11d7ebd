// Package main is compiled by a test, which looks at the compiler's answer.
package main

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

type (
	user string
	city string
)

func main() {
	users, cities := codecs.String[user](), codecs.String[city]()
	p := topology.AddProcessor(topology.NewBuilder("t"), "p", users)
	topology.Join(p, topology.NewTable("users", users, codecs.Int64()))
	topology.Lookup(p, topology.NewTable("cities", cities, codecs.Int64()))
}
