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
	s := topology.Output(p, topology.NewStream("cities", cities, codecs.Int64()))
	_ = s.Emit(nil, user("ada"), 1)
}
