package faults

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

var errShort = errors.New("frame ends within its header")

// namesBrokers reports whether a response to requests with the key names brokers. Those to produce and fetch requests do so when a leader
// has moved.
func (p *Proxy) namesBrokers(key int16) bool {
	switch kmsg.Key(key) {
	case kmsg.Metadata, kmsg.FindCoordinator, kmsg.DescribeCluster:
		return true
	case kmsg.Produce, kmsg.Fetch:
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.listeners) > 1
	}
	return false
}

// request remembers what is asked for, and whether the fault of the moment is about it.
func (l *link) request(frame []byte) ([]byte, error) {
	if len(frame) < 8 {
		return nil, errShort
	}
	h := requestHeader{int16(binary.BigEndian.Uint16(frame)), int16(binary.BigEndian.Uint16(frame[2:]))}
	if l.proxy.namesBrokers(h.key) {
		l.mu.Lock()
		l.asked[int32(binary.BigEndian.Uint32(frame[4:]))] = h
		l.mu.Unlock()
	}
	if f, _ := l.proxy.now(); slices.Contains(f.keys, h.key) {
		l.stuck.Store(true)
	}
	return frame, nil
}

// response puts the proxy's addresses in place of the brokers'.
func (l *link) response(frame []byte) ([]byte, error) {
	id := int32(binary.BigEndian.Uint32(frame))
	l.mu.Lock()
	h, ok := l.asked[id]
	delete(l.asked, id)
	l.mu.Unlock()
	if !ok {
		return frame, nil
	}
	return rewrite(h, frame, l.proxy.frontOf)
}

// rewrite changes the addresses in a response: correlation id, header tags where the version is flexible, body.
func rewrite(h requestHeader, frame []byte, front func(host string, port int32) (string, int32, error)) ([]byte, error) {
	r := kmsg.ResponseForKey(h.key)
	if r == nil {
		return nil, fmt.Errorf("response of the unknown key %d", h.key)
	}
	r.SetVersion(h.version)
	head := 4
	if r.IsFlexible() {
		head++
	}
	if len(frame) < head || r.IsFlexible() && frame[4] != 0 {
		return nil, fmt.Errorf("response of key %d: %w", h.key, errShort)
	}
	if err := r.ReadFrom(frame[head:]); err != nil {
		return nil, fmt.Errorf("response of key %d, version %d: %w", h.key, h.version, err)
	}
	var errs []error
	changed := false
	change := func(host *string, port *int32) {
		if *host == "" || *port <= 0 {
			return // none is known
		}
		var err error
		changed = true
		*host, *port, err = front(*host, *port)
		errs = append(errs, err)
	}
	switch r := r.(type) {
	case *kmsg.MetadataResponse:
		for i := range r.Brokers {
			change(&r.Brokers[i].Host, &r.Brokers[i].Port)
		}
	case *kmsg.FindCoordinatorResponse:
		change(&r.Host, &r.Port)
		for i := range r.Coordinators {
			change(&r.Coordinators[i].Host, &r.Coordinators[i].Port)
		}
	case *kmsg.DescribeClusterResponse:
		for i := range r.Brokers {
			change(&r.Brokers[i].Host, &r.Brokers[i].Port)
		}
	case *kmsg.ProduceResponse:
		for i := range r.Brokers {
			change(&r.Brokers[i].Host, &r.Brokers[i].Port)
		}
	case *kmsg.FetchResponse:
		for i := range r.Brokers {
			change(&r.Brokers[i].Host, &r.Brokers[i].Port)
		}
	}
	if !changed {
		return frame, nil
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r.AppendTo(slices.Clone(frame[:head])), nil
}
