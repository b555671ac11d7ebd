// Package topology defines and runs stream processors on Kafka: typed handlers with local state, joins, and
// loops back into their own stream.
package topology
