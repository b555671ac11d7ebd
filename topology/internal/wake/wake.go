// Package wake tells a goroutine that there is something for it to look at.
package wake

// Signal holds a token from the time that something happened until its one receiver takes it. Whoever waits receives from it, and
// looks again at what it waits for.
type Signal chan struct{}

// New returns a signal without a token.
func New() Signal { return make(Signal, 1) }

// Raise puts the token in, unless there is one. It does not block.
func (s Signal) Raise() {
	select {
	case s <- struct{}{}:
	default:
	}
}
