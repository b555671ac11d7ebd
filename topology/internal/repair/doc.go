// Package repair brings a topology to work again whose state or whose place in its inputs was lost. It changes nothing while members of the groups
// run, and says of every step what it does, before it does it.
package repair
