package cluster_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
)

// Brokers that are not spoken to as they want to be are named, with what may be wrong.
func TestMismatch(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(web.Close)
	encrypts := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: web.TLS.Certificates}
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	trusts := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trusted, ServerName: "example.com"}
	login := func(mechanism, password string) *cluster.SASL {
		return &cluster.SASL{Mechanism: mechanism, User: "u", Password: password}
	}
	asks := broker.Options{Mechanism: "PLAIN", User: "u", Password: "right"}
	for name, test := range map[string]struct {
		broker broker.Options
		tls    *tls.Config
		sasl   *cluster.SASL
		want   string
	}{
		"TLS where there is none":      {tls: trusts, want: "do they speak TLS at this port"},
		"no TLS where there is":        {broker: broker.Options{TLS: encrypts}, want: "TLS"},
		"a certificate of nobody":      {broker: broker.Options{TLS: encrypts}, tls: &tls.Config{MinVersion: tls.VersionTLS12}, want: "is their certificate trusted"},
		"a login where there is none":  {sasl: login(cluster.Plain, "right"), want: "do they ask for one at this port"},
		"a wrong password":             {broker: asks, sasl: login(cluster.Plain, "wrong"), want: "are user, password and mechanism right"},
		"another mechanism":            {broker: asks, sasl: login(cluster.ScramSHA256, "right"), want: "are user, password and mechanism right"},
		"what they want":               {broker: asks, sasl: login(cluster.Plain, "right")},
		"what they want, encrypted":    {broker: broker.Options{TLS: encrypts}, tls: trusts},
		"a login without encryption":   {broker: broker.Options{TLS: encrypts}, sasl: login(cluster.Plain, "right"), want: "TLS"},
		"encryption, and no login yet": {broker: broker.Options{TLS: encrypts, Mechanism: "PLAIN", User: "u", Password: "right"}, tls: trusts, want: "ask for a login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			brokers := broker.Start(t, test.broker).ListenAddrs()
			client, err := cluster.Open(cluster.Settings{Brokers: brokers, TLS: test.tls, SASL: test.sasl})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.ClusterID(t.Context())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), brokers[0]) {
				t.Errorf("%v, want %q and %q", err, test.want, brokers[0])
			}
		})
	}
}
