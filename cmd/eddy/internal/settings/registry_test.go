package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/topology"
)

func TestSchemaRegistry(t *testing.T) {
	t.Parallel()
	ca, _ := certificate(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		s    SchemaRegistry
		err  string
	}{
		{"over TLS", SchemaRegistry{URL: []string{"https://r:8081", "https://s:8081"}, User: "u", PasswordFile: password, TLS: TLS{CA: ca}}, ""},
		{"without TLS, allowed", SchemaRegistry{URL: []string{"http://r"}, User: "u", Password: "hunter2", Plaintext: true}, ""},
		{"without TLS", SchemaRegistry{URL: []string{"https://r", "http://s"}, User: "u", Password: "hunter2"}, "without TLS"},
		{"no user", SchemaRegistry{URL: []string{"https://r"}, Password: "hunter2"}, "user or password"},
		{"no password", SchemaRegistry{URL: []string{"https://r"}, User: "u"}, "user or password"},
		{"no address", SchemaRegistry{User: "u", Password: "hunter2"}, "schema-registry.url"},
		{"two passwords", SchemaRegistry{URL: []string{"https://r"}, User: "u", Password: "hunter2", PasswordFile: password}, "both given"},
		{"no such file", SchemaRegistry{URL: []string{"https://r"}, User: "u", PasswordFile: password + "x"}, "password-file"},
		{"no authority", SchemaRegistry{URL: []string{"https://r"}, TLS: TLS{CA: password}}, "schema-registry.tls.ca"},
	} {
		cfg, err := test.s.Config()
		switch {
		case test.err == "" && (err != nil || len(cfg.URLs) != len(test.s.URL) || cfg.User != "u" || cfg.Password != "hunter2"):
			t.Errorf("%s: %+v, %v", test.name, cfg, err)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if cfg, err := (SchemaRegistry{}).Config(); cfg != nil || err != nil {
		t.Errorf("none: %+v, %v", cfg, err)
	}
}

// The registry's settings come from all layers, and its password is in no list.
func TestSchemaRegistryLayers(t *testing.T) {
	t.Parallel()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	BindRegistry(fs)
	if err := fs.Parse([]string{"--schema-registry", "https://a,https://b", "--schema-registry-ca", "ca.pem"}); err != nil {
		t.Fatal(err)
	}
	s, err := Load(Sources{
		File: file(t, "schema-registry:\n  url: https://file\n  user: file\n"), Environ: []string{"EDDY_SCHEMA_REGISTRY_PASSWORD=hunter2"}, Flags: fs,
	})
	r := s.SchemaRegistry
	if err != nil || len(r.URL) != 2 || r.User != "file" || r.Password != "hunter2" || r.TLS.CA != "ca.pem" {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := Load(Sources{Environ: []string{"EDDY_SCHEMA_REGISTRY_URL=https://me:hunter2@r"}}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password in an address: %v", err)
	}
	if text := fmt.Sprint(List(s, topology.MemoryPlan{})); strings.Contains(text, "hunter2") || !strings.Contains(text, "(set)") {
		t.Errorf("the list shows the password: %s", text)
	}
}
