// Package conformance holds the tests that every way to run a topology has to pass with the same outcome: the in-memory driver, and
// a broker with one partition or many, with small batches and caches, on disk, restarted with empty stores, and shared by members. The
// broker is one in the process, or, with the build tag kafka, a real Kafka.
package conformance
