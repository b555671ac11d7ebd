// Package kafka runs Apache Kafka on this machine, for tests and for people: a cluster of one broker or several (KRaft, each broker
// a controller too), from the jars of Maven Central, with the Java that is installed. It needs a JDK (17 or newer) and, the first
// time, Maven and the network.
//
// [Run] starts a cluster for the length of a test:
//
//	cluster := kafka.Run(t, kafka.Options{Brokers: 3})
//	cfg := topology.Config{Brokers: cluster.Addrs()}
//	err := cluster.Kill(1) // and what becomes of the pipeline then
//
// Brokers end with the process that started them, however that ends: see package watchdog.
package kafka
