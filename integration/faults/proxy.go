package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Proxy stands between one worker and its brokers. It knows Kafka's framing: it tells the worker its own addresses in place of the
// brokers' wherever an answer names them (metadata, coordinators, new leaders), so that every connection goes through it, and it can tell
// requests apart by their key. It is safe for concurrent use.
type Proxy struct {
	mu        sync.Mutex
	listeners map[string]net.Listener // by the broker's address
	links     map[*link]bool
	trouble   trouble
	changed   chan struct{} // closed and replaced when the trouble changes
	closed    bool
	running   sync.WaitGroup

	held chan struct{} // has an element if something is or was held since one was taken
}

// trouble is what is wrong with the network.
type trouble struct {
	stalled bool    // nothing is delivered
	keys    []int16 // not empty: only connections that carry such a request stall, from that request on
	cut     bool    // no connection lives, and new ones wait
	delay   time.Duration
}

// OpenProxy listens in front of each of the brokers, on ports of 127.0.0.1.
func OpenProxy(brokers []string) (*Proxy, error) {
	p := &Proxy{listeners: map[string]net.Listener{}, links: map[*link]bool{}, changed: make(chan struct{}), held: make(chan struct{}, 1)}
	for _, b := range brokers {
		if _, err := p.front(b); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// Brokers returns the addresses that stand for the brokers.
func (p *Proxy) Brokers() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, l := range p.listeners {
		list = append(list, l.Addr().String())
	}
	slices.Sort(list)
	return list
}

// Stall lets nothing through any more, in either direction, until [Proxy.Resume]: connections stay open, new ones are accepted, and
// what they carry is held and delivered late, also if the worker has closed its end meanwhile. With keys of requests only those
// connections stall that carry such a request, each from that request on.
func (p *Proxy) Stall(keys ...int16) { p.set(trouble{stalled: true, keys: keys}) }

// Cut breaks all connections and serves no new ones until [Proxy.Resume]. What was held is lost.
func (p *Proxy) Cut() { p.set(trouble{cut: true}) }

// Slow delivers everything later by d, until [Proxy.Resume].
func (p *Proxy) Slow(d time.Duration) { p.set(trouble{delay: d}) }

// Resume ends all faults.
func (p *Proxy) Resume() { p.set(trouble{}) }

func (p *Proxy) set(f trouble) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trouble = f
	close(p.changed)
	p.changed = make(chan struct{})
	for l := range p.links {
		if f.cut {
			l.sever()
		}
		l.stuck.Store(false)
	}
}

// now returns the present fault and a channel that is closed when it is over.
func (p *Proxy) now() (trouble, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trouble, p.changed
}

// Close ends all connections and waits until nothing runs any more.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.trouble = trouble{}
	close(p.changed) // wakes what waits
	p.changed = make(chan struct{})
	var errs []error
	for _, l := range p.listeners {
		errs = append(errs, l.Close())
	}
	for l := range p.links {
		l.sever()
	}
	p.mu.Unlock()
	p.running.Wait()
	return errors.Join(errs...)
}

// front returns the address that stands for a broker's, and listens there if nobody does yet.
func (p *Proxy) front(broker string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.listeners[broker]; l != nil {
		return l.Addr().String(), nil
	}
	for _, l := range p.listeners {
		if l.Addr().String() == broker {
			return broker, nil
		}
	}
	if p.closed {
		return "", net.ErrClosed
	}
	var listen net.ListenConfig
	l, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("proxy of %s: %w", broker, err)
	}
	p.listeners[broker] = l
	p.running.Go(func() { p.accept(l, broker) })
	return l.Addr().String(), nil
}

// frontOf is front for the parts of an address.
func (p *Proxy) frontOf(host string, port int32) (string, int32, error) {
	address, err := p.front(net.JoinHostPort(host, strconv.Itoa(int(port))))
	if err != nil {
		return "", 0, err
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return host, int32(n), err
}

func (p *Proxy) accept(l net.Listener, broker string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(client, broker) })
	}
}

// serve carries one connection until both ends are closed.
func (p *Proxy) serve(client net.Conn, broker string) {
	defer client.Close()
	for {
		f, over := p.now()
		if !f.cut {
			break
		}
		<-over
	}
	var dialer net.Dialer
	upstream, err := dialer.DialContext(context.Background(), "tcp", broker)
	if err != nil {
		return // the client sees its connection end, as it would without a proxy
	}
	defer upstream.Close()
	l := newLink(p, client, upstream)
	if !p.add(l) {
		return
	}
	l.run()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// add takes note of a connection; false: there is to be none now.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.trouble.cut {
		return false
	}
	p.links[l] = true
	return true
}
