package embedded

import (
	"context"
	"fmt"
	"net"
)

// listener tells another address than the one it listens on: the broker passes on to its clients what
// its listener says.
type listener struct {
	net.Listener
	advertised net.Addr
}

func (l *listener) Addr() net.Addr { return l.advertised }

// hostPort is an address whose host is kept as written, not resolved.
type hostPort string

func (hostPort) Network() string  { return "tcp" }
func (a hostPort) String() string { return string(a) }

// listen listens on address and advertises a host, or a host:port, in its place.
func listen(network, address, advertise string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), network, address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	if advertise == "" {
		return ln, nil
	}
	if _, _, err := net.SplitHostPort(advertise); err != nil {
		_, port, err := net.SplitHostPort(ln.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("%w: address %q: %w", ErrListen, ln.Addr(), err)
		}
		advertise = net.JoinHostPort(advertise, port)
	}
	return &listener{Listener: ln, advertised: hostPort(advertise)}, nil
}
