// Package brokertest gives tests a broker: one inside the process, or, with the build tag kafka, a real Kafka. What a test does with
// it is the same, and has to have the same outcome.
package brokertest
