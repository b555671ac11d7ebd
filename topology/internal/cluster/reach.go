package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// When the cluster is spoken to first: how long one broker, and all of them, may take to be connected to, and how often that is tried before it
// is taken for what it looks like: a broker that restarts closes connections, too.
const (
	reachDial  = 5 * time.Second
	reachAll   = 6 * time.Second
	reachTries = 5
	reachPause = 500 * time.Millisecond
)

// reach finds out whether brokers and this client speak the same: with TLS or without, with a login or without. A client that goes on trying sees
// only connections that are closed, or hang. Every other trouble is left to whoever asks next.
func (c *Client) reach(ctx context.Context) error {
	c.mu.Lock()
	reached := c.reached
	c.mu.Unlock()
	if reached {
		return nil
	}
	kafka, err := kgo.NewClient(append(Franz(c.settings), kgo.RequestRetries(0), kgo.DialTimeout(reachDial), kgo.WithLogger(nil))...)
	if err != nil {
		return fmt.Errorf("open client: %w", err)
	}
	defer kafka.Close()
	asked, cancel := context.WithTimeout(ctx, reachAll)
	defer cancel()
	for try := 1; ; try++ {
		_, err = heeding(asked, func() (struct{}, error) { return struct{}{}, kafka.Ping(asked) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		mismatch, sure := c.mismatch(err)
		if mismatch == "" || !sure && c.settings.TLS == nil && c.settings.SASL == nil {
			break // a connection that is closed says little, and whoever asks next tries longer
		}
		if sure || try == reachTries || asked.Err() != nil {
			return c.explain(err)
		}
		select {
		case <-time.After(reachPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.mu.Lock()
	c.reached = c.reached || err == nil
	c.mu.Unlock()
	return nil
}

// explain adds to an error of a connection which brokers it is of, and what may be wrong.
func (c *Client) explain(err error) error {
	mismatch, _ := c.mismatch(err)
	if mismatch == "" {
		return err
	}
	return fmt.Errorf("brokers %s: %w: %s", strings.Join(c.settings.Brokers, ","), err, mismatch)
}

// mismatch says what may be wrong with how the brokers are spoken to, and whether that is sure; empty: nothing that err would show.
func (c *Client) mismatch(err error) (what string, sure bool) {
	if err == nil {
		return "", false
	}
	text := err.Error() // the client wraps what it dials with in words only
	refused := strings.Contains(text, "refused") || strings.Contains(text, "no such host") || strings.Contains(text, "unreachable")
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(text, "reset by peer") || strings.Contains(text, "broken pipe")
	late := errors.Is(err, context.DeadlineExceeded)
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed), errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		return "they refuse the login: are user, password and mechanism right, and do they ask for a login at this port?", true
	case c.settings.TLS != nil && !refused && (late || strings.Contains(text, "unable to dial")):
		return "there is no TLS connection: do they speak TLS at this port, and is their certificate trusted?", late || strings.Contains(text, "certificate")
	case c.settings.TLS == nil && strings.Contains(text, "tls"):
		return "they seem to speak TLS: turn it on", true
	case c.settings.SASL != nil && closed:
		return "they close the connection at the login: do they ask for one at this port, are user, password and mechanism right, and is TLS needed?", false
	case closed:
		return "they close the connection: do they speak TLS at this port, or ask for a login?", false
	}
	return "", false
}
