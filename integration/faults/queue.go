package faults

import (
	"sync"
	"time"
)

// queue holds the frames of one direction of a connection. Push waits while it holds more than maxHeld bytes.
type queue struct {
	mu     sync.Mutex
	moved  sync.Cond
	frames []frame
	held   int
	closed bool
	dry    bool // what is pushed is dropped
}

type frame struct {
	bytes   []byte
	arrived time.Time
}

func newQueue() *queue {
	q := &queue{}
	q.moved.L = &q.mu
	return q
}

// push adds a frame; to a closed queue it adds nothing.
func (q *queue) push(bytes []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.held > maxHeld && !q.closed && !q.dry {
		q.moved.Wait()
	}
	if q.closed || q.dry {
		return
	}
	q.frames = append(q.frames, frame{bytes, time.Now()})
	q.held += len(bytes)
	q.moved.Broadcast()
}

// pop takes the first frame, and waits for one; false: the queue is closed and empty.
func (q *queue) pop() (frame, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.frames) == 0 {
		if q.closed {
			return frame{}, false
		}
		q.moved.Wait()
	}
	f := q.frames[0]
	q.frames = q.frames[1:]
	q.held -= len(f.bytes)
	q.moved.Broadcast()
	return f, true
}

// close ends the queue behind what it holds.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.moved.Broadcast()
}

// drain drops what the queue holds and all that is pushed from now on.
func (q *queue) drain() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dry, q.frames, q.held = true, nil, 0
	q.moved.Broadcast()
}
