package store

import "sync/atomic"

// gate counts the calls that are inside and lets none in once it is closed. Unlike with a read-write lock, a call that is
// inside may enter again while another goroutine waits in close.
type gate struct {
	state atomic.Int64 // calls inside, and gateClosed
	empty chan struct{}
}

const gateClosed = 1 << 62

func (g *gate) init() { g.empty = make(chan struct{}, 1) }

// enter reports whether the gate was open; if so, leave must follow.
func (g *gate) enter() bool {
	if g.state.Add(1)&gateClosed != 0 {
		g.leave()
		return false
	}
	return true
}

func (g *gate) leave() {
	if g.state.Add(-1) == gateClosed {
		// One token is enough: close looks at the count again after each. A late enter that was refused leaves one too.
		select {
		case g.empty <- struct{}{}:
		default:
		}
	}
}

// closed reports whether close was called.
func (g *gate) closed() bool { return g.state.Load()&gateClosed != 0 }

// close lets nothing more in and waits for what is inside. It is called once.
func (g *gate) close() {
	if g.state.Add(gateClosed) == gateClosed {
		return
	}
	for g.state.Load() != gateClosed {
		<-g.empty
	}
}
