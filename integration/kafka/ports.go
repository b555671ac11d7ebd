package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports that clusters choose from lie below those that systems give to outgoing connections. A client that keeps trying to reach
// a dead broker would sooner or later be given the broker's own port, and be connected with itself.
const (
	firstPort = 20000
	lastPort  = 31999
)

// ports are TCP ports of 127.0.0.1 that are the process's own, also while nothing listens on them: for each it holds the UDP port of
// the same number, which Kafka does not use, and which is free again when the process ends in whatever way.
type ports struct {
	held []io.Closer
}

// take reserves one port.
func (p *ports) take(ctx context.Context, port int) error {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	var listen net.ListenConfig
	held, err := listen.ListenPacket(ctx, "udp", address)
	if err != nil {
		return err
	}
	tcp, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Join(err, held.Close())
	}
	if err := tcp.Close(); err != nil {
		return errors.Join(err, held.Close())
	}
	p.held = append(p.held, held)
	return nil
}

// takeFree reserves a free port.
func (p *ports) takeFree(ctx context.Context) (int, error) {
	const count = lastPort - firstPort + 1
	start := rand.IntN(count)
	for i := range count {
		port := firstPort + (start+i)%count
		if p.take(ctx, port) == nil {
			return port, nil
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d", firstPort, lastPort)
}

// release gives the ports back.
func (p *ports) release() error {
	var errs []error
	for _, held := range p.held {
		errs = append(errs, held.Close())
	}
	p.held = nil
	return errors.Join(errs...)
}
