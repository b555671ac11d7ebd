// Package topologytest tests topologies: in memory with a [Driver], and as in production against a broker in
// the process of the test.
//
// A driver is made of a topology, fed through typed feeds ([Input], [Seed]), and observed through typed taps of
// its streams ([Output]) and its tables ([Value], [Rows]).
package topologytest
