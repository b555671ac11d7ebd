package faults

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Frames on a connection begin with their size. A size beyond this is none of Kafka's.
const maxFrame = 100 << 20

// maxHeld bounds the bytes that a direction of a connection holds: beyond it the sender is not read any more.
const maxHeld = 64 << 20

// link is one connection of a worker to a broker.
type link struct {
	proxy            *Proxy
	client, upstream net.Conn
	requests         *queue      // from the client
	responses        *queue      // from the broker
	stuck            atomic.Bool // carries a request that the present fault is about

	mu    sync.Mutex
	asked map[int32]requestHeader // requests on their way whose responses name brokers, by correlation id

	once    sync.Once
	severed chan struct{}
}

// requestHeader is the part of a request's header that says how to read the response.
type requestHeader struct{ key, version int16 }

func newLink(p *Proxy, client, upstream net.Conn) *link {
	return &link{
		proxy: p, client: client, upstream: upstream, requests: newQueue(), responses: newQueue(),
		asked: map[int32]requestHeader{}, severed: make(chan struct{}),
	}
}

// sever ends the connection at both ends at once.
func (l *link) sever() {
	l.once.Do(func() {
		close(l.severed)
		_ = l.client.Close()
		_ = l.upstream.Close()
		l.requests.close()
		l.responses.close()
	})
}

// run carries frames until the broker's end is closed. What the client sent before it closed its end is delivered.
func (l *link) run() {
	defer l.sever()
	var running sync.WaitGroup
	running.Go(func() {
		defer l.requests.close()
		l.read(l.client, l.requests, l.request)
	})
	running.Go(func() {
		defer l.responses.close()
		l.read(l.upstream, l.responses, l.response)
	})
	running.Go(func() {
		if l.write(l.upstream, l.requests) {
			_ = l.upstream.(*net.TCPConn).CloseWrite() // the client has closed its end, and the broker has all that it sent
		}
	})
	// A client that is gone misses its responses; those of the requests behind them are still waited for.
	l.write(l.client, l.responses)
	_ = l.client.Close()
	l.responses.drain()
	running.Wait()
}

// read queues the frames of one direction, each changed by inspect, until the connection ends.
func (l *link) read(from net.Conn, to *queue, inspect func([]byte) ([]byte, error)) {
	for {
		frame, err := readFrame(from)
		if err == nil {
			frame, err = inspect(frame)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && from == l.upstream {
				l.sever()
			}
			return
		}
		to.push(frame)
	}
}

func readFrame(from io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 4 || n > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes", n)
	}
	frame := make([]byte, n)
	_, err := io.ReadFull(from, frame)
	return frame, err
}

// write delivers the queued frames of one direction, as the fault of the moment lets it. It reports whether all were delivered.
func (l *link) write(to net.Conn, from *queue) bool {
	for {
		f, ok := from.pop()
		if !ok {
			return true
		}
		if !l.pass(f.arrived) {
			return false
		}
		if _, err := to.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(f.bytes))), f.bytes...)); err != nil {
			return false
		}
	}
}

// pass waits until a frame may go on; false: the connection was severed.
func (l *link) pass(arrived time.Time) bool {
	for {
		f, over := l.proxy.now()
		late := f.delay - time.Since(arrived)
		var due <-chan time.Time
		switch {
		case f.stalled && (len(f.keys) == 0 || l.stuck.Load()):
			select {
			case l.proxy.held <- struct{}{}:
			default:
			}
		case late > 0:
			due = time.After(late)
		default:
			select {
			case <-l.severed:
				return false
			default:
				return true
			}
		}
		select {
		case <-due:
		case <-over:
		case <-l.severed:
			return false
		}
	}
}
