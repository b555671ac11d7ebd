package settings

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes a self-signed certificate and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	cfg, err := TLS{CA: cert, Cert: cert, Key: key, ServerName: "kafka"}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.RootCAs == nil || len(cfg.Certificates) != 1 || cfg.ServerName != "kafka" || cfg.InsecureSkipVerify || cfg.MinVersion < tls.VersionTLS12 {
		t.Errorf("config %+v", cfg)
	}
	if cfg, err := (TLS{}).Config(); cfg != nil || err != nil {
		t.Errorf("off: %v, %v", cfg, err)
	}
	if cfg, err := (TLS{Insecure: true}).Config(); err != nil || !cfg.InsecureSkipVerify {
		t.Errorf("insecure: %v, %v", cfg, err)
	}
	for name, broken := range map[string]TLS{
		"no such authority": {CA: "none.pem"},
		"key as authority":  {CA: key},
		"cert without key":  {Cert: cert},
		"swapped":           {Cert: key, Key: cert},
	} {
		if _, err := broken.Config(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSASL(t *testing.T) {
	t.Parallel()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		sasl    SASL
		overTLS bool
		err     string
	}{
		{"over TLS", SASL{Mechanism: "scram-sha-512", User: "u", PasswordFile: password}, true, ""},
		{"without TLS, allowed", SASL{Mechanism: "PLAIN", User: "u", Password: "secret", Plaintext: true}, false, ""},
		{"without TLS", SASL{Mechanism: "PLAIN", User: "u", Password: "secret"}, false, "without TLS"},
		{"unknown mechanism", SASL{Mechanism: "GSSAPI", User: "u", Password: "secret"}, true, `"GSSAPI"`},
		{"no mechanism", SASL{User: "u", Password: "secret"}, true, "mechanism"},
		{"no password", SASL{Mechanism: "PLAIN", User: "u"}, true, "password"},
		{"two passwords", SASL{Mechanism: "PLAIN", User: "u", Password: "a", PasswordFile: password}, true, "both"},
		{"no such file", SASL{Mechanism: "PLAIN", User: "u", PasswordFile: "none"}, true, "none"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := test.sasl.Config(test.overTLS)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Password != "secret" || cfg.Mechanism != strings.ToUpper(test.sasl.Mechanism) {
				t.Errorf("config %+v", cfg)
			}
		})
	}
	if cfg, err := (SASL{}).Config(false); cfg != nil || err != nil {
		t.Errorf("off: %v, %v", cfg, err)
	}
}
