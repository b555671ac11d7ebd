package gokagroup

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
)

// TestBothClientsAuthenticate reaches a broker that wants a user, over TLS, with each mechanism and both clients.
func TestBothClientsAuthenticate(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	for _, mechanism := range []string{cluster.Plain, cluster.ScramSHA256, cluster.ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			b := broker.Start(t, broker.Options{TLS: server, Mechanism: mechanism, User: "ada", Password: "secret"})
			s := cluster.Settings{Brokers: b.ListenAddrs(), TLS: client, SASL: &cluster.SASL{Mechanism: mechanism, User: "ada", Password: "secret"}}
			c, err := cluster.Open(s)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.ClusterID(t.Context()); err != nil {
				t.Errorf("franz-go: %v", err)
			}
			consumer, err := sarama.NewClient(s.Brokers, Sarama(s, ""))
			if err != nil {
				t.Fatalf("sarama: %v", err)
			}
			if err := consumer.Close(); err != nil {
				t.Error(err)
			}

			s.SASL = &cluster.SASL{Mechanism: mechanism, User: "ada", Password: "wrong"}
			wrong, err := cluster.Open(s)
			if err != nil {
				t.Fatal(err)
			}
			defer wrong.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := wrong.ClusterID(ctx); err == nil {
				t.Error("franz-go: a wrong password is accepted")
			}
			config := Sarama(s, "")
			config.Metadata.Retry.Max = 0
			if consumer, err := sarama.NewClient(s.Brokers, config); err == nil {
				consumer.Close()
				t.Error("sarama: a wrong password is accepted")
			}
		})
	}
}

// certificates makes a server's configuration for 127.0.0.1 and a client's that trusts it.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	client = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return server, client
}
