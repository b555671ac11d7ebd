package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/events"
)

// Config says where a registry is.
type Config struct {
	// URLs are its addresses, with http or https; one is asked after the other.
	URLs []string
	// User and Password log in, if User is set.
	User, Password string
	// TLS is for addresses with https. Defaults to the system's authorities.
	TLS *tls.Config
	// Timeout bounds a request. Defaults to 5 s.
	Timeout time.Duration
}

// maxAnswer bounds an answer in bytes.
const maxAnswer = 16 << 20

// maxReferences bounds the schemas that one refers to, directly or not.
const maxReferences = 1000

// Client is a registry. It caches nothing: whoever asks keeps what it has got, for a schema never changes. It is safe for concurrent use.
type Client struct {
	client *sr.Client
	close  func()

	mu    sync.Mutex
	away  error     // of the last request; nil: it was answered
	asked time.Time // when that was
}

// Open does no I/O. The error is of an address that is none.
func Open(cfg Config) (*Client, error) {
	for _, address := range cfg.URLs {
		if err := CheckURL(address); err != nil {
			return nil, err
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = cfg.TLS
	timeout := cfg.Timeout
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	opts := []sr.ClientOpt{
		sr.URLs(cfg.URLs...), sr.UserAgent("eddy"), sr.HTTPClient(&http.Client{Transport: bounded{transport}, Timeout: timeout}),
	}
	if cfg.User != "" {
		opts = append(opts, sr.BasicAuth(cfg.User, cfg.Password))
	}
	client, err := sr.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	return &Client{client: client, close: transport.CloseIdleConnections}, nil
}

// CheckURL is nil for an address that a registry may have. What it returns quotes no address that has a password in it.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("the address of the schema registry is no URL") // which may have a password in it
	case u.User != nil:
		return errors.New("the address of the schema registry has a user in it: give user and password by themselves")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("the address of the schema registry, %s, is to begin with http:// or https://", codecs.Quote(address))
	}
	return nil
}

// Close ends the connections that are not in use.
func (c *Client) Close() { c.close() }

// forgotten is how long it counts that the registry was away: who waits for it asks more often, and may have gone elsewhere.
const forgotten = time.Minute

// Health is why the registry is away, as of the last request; nil if it was answered, or if nobody waits for it.
func (c *Client) Health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.asked) > forgotten {
		return nil
	}
	return c.away
}

// Schema implements [events.Registry].
func (c *Client) Schema(ctx context.Context, id int) (events.Registered, error) {
	s, err := c.schema(ctx, id)
	if ctx.Err() == nil || err == nil { // else who asked has gone, which says nothing of the registry
		c.mu.Lock()
		c.away, c.asked = nil, time.Now()
		if errors.Is(err, events.ErrAway) {
			c.away = err
		}
		c.mu.Unlock()
	}
	return s, err
}

func (c *Client) schema(ctx context.Context, id int) (events.Registered, error) {
	s, err := c.client.SchemaByID(ctx, id)
	if err != nil {
		return events.Registered{}, failure(err)
	}
	refs := references{client: c.client, seen: map[sr.SchemaReference]bool{}}
	if err := refs.add(ctx, s); err != nil {
		return events.Registered{}, fmt.Errorf("references: %w", err)
	}
	return events.Registered{Type: s.Type.String(), Texts: refs.texts}, nil
}

// references are the texts of a schema and of those that it refers to.
type references struct {
	client *sr.Client
	seen   map[sr.SchemaReference]bool
	texts  []string
	bytes  int
}

// add adds a schema behind those that it refers to.
func (r *references) add(ctx context.Context, s sr.Schema) error {
	for _, ref := range s.References {
		at := sr.SchemaReference{Subject: ref.Subject, Version: ref.Version}
		if r.seen[at] {
			continue
		}
		if r.seen[at] = true; len(r.seen) > maxReferences {
			return fmt.Errorf("there are more than %d", maxReferences)
		}
		other, err := r.client.SchemaByVersion(ctx, ref.Subject, ref.Version)
		if err != nil {
			return failure(err)
		}
		if err := r.add(ctx, other.Schema); err != nil {
			return err
		}
	}
	if r.bytes += len(s.Schema); r.bytes > maxAnswer {
		return fmt.Errorf("they have more than %d bytes", maxAnswer)
	}
	r.texts = append(r.texts, s.Schema)
	return nil
}

// failure tells a schema that there is not from a registry that cannot say: one that is not there, does not let us in, or is none.
func failure(err error) error {
	answer, ok := errors.AsType[*sr.ResponseError](err)
	if !ok {
		return fmt.Errorf("%w: %w", events.ErrAway, codecs.Brief(err))
	}
	said := fmt.Errorf("%s answers %d: %s", answer.URL, answer.StatusCode, codecs.Cut(answer.Error(), 200))
	switch code := answer.SchemaError(); {
	case answer.StatusCode != http.StatusNotFound:
	case code == sr.ErrSchemaNotFound, code == sr.ErrSubjectNotFound, code == sr.ErrVersionNotFound:
		return fmt.Errorf("%w: %w", events.ErrNoSchema, said)
	}
	return fmt.Errorf("%w: %w", events.ErrAway, said)
}

// bounded cuts answers that are too long, which then cannot be read.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}
