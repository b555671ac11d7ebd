// Package deadletter is how a record that was given up is kept: as a record of the topic of dead letters, with the key and the value that it
// has in its log, its headers, and in further headers where it came from and what was wrong.
//
// A dead letter is settled by a later record of the same partition, a [Mark], that names its offset: it was sent to its topic once more, or
// dropped.
package deadletter
