// Package registry reads schemas from a schema registry that speaks Confluent's protocol.
package registry
