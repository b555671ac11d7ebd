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

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{
		"0": 0, "4096": 4096, "12B": 12, "1KiB": 1 << 10, "512MiB": 512 << 20, "512mib": 512 << 20, "1.5GiB": 3 << 29,
		"1kb": 1000, "1.5MB": 1_500_000, "3GB": 3_000_000_000, "1TiB": 1 << 40, "2TB": 2e12, "9223372036854775807": 1<<63 - 1,
	} {
		for _, spaced := range []string{text, " " + text + " "} {
			if got, err := ParseSize(spaced); got != want || err != nil {
				t.Errorf("%q is %d, %v; want %d", spaced, got, err, want)
			}
		}
	}
	if got, err := ParseSize("2 GiB"); got != 2<<30 || err != nil {
		t.Errorf("with a space it is %d, %v", got, err)
	}
	for _, text := range []string{"", "MiB", "512M", "-1MiB", "+1", "1e9", "0x10", "nan", "inf", "1.2.3", ".", "1 2", "9TiBs", "9000000TiB", "9223372036854775808"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		} else if !strings.Contains(err.Error(), text) {
			t.Errorf("%q: the error does not say so: %v", text, err)
		}
	}
}

func TestSizeString(t *testing.T) {
	t.Parallel()
	for size, want := range map[Size]string{0: "0", 1: "1", 1000: "1000", 1 << 10: "1KiB", 3 << 29: "1536MiB", 1 << 40: "1TiB", 1<<20 + 1: "1048577"} {
		if got := size.String(); got != want {
			t.Errorf("%d is written %q, not %q", int64(size), got, want)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, text := range []string{"512MiB", "1.5 GB", "0", "B", "9.99TiB"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		size, err := ParseSize(text)
		if err != nil {
			return
		}
		if again, err := ParseSize(size.String()); size < 0 || again != size || err != nil {
			t.Errorf("%q is %d, and %q is %d, %v", text, size, size.String(), again, err)
		}
	})
}

// Sizes are read from every layer, each over the one before.
func TestSizesInLayers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "eddy.yaml")
	if err := os.WriteFile(file, []byte("memory: 1GiB\nstore-cache: 4096\nsend-buffer: 8MB\ncache-bytes: 1MiB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	BindMemory(fs)
	src := Sources{File: file, Environ: []string{"EDDY_CACHE_BYTES=2MiB"}, Flags: fs}
	check := func(memory Size) {
		t.Helper()
		s, err := Load(src)
		if err != nil {
			t.Fatal(err)
		}
		if s.Memory != memory || s.StoreCache != 4096 || s.SendBuffer != 8_000_000 || s.CacheBytes != 2<<20 {
			t.Errorf("settings %+v", s)
		}
		cfg, err := s.Topology()
		if err != nil || cfg.Memory != int64(memory) || cfg.StoreCache != 4096 || cfg.SendBuffer != 8_000_000 || cfg.CacheBytes != 2<<20 {
			t.Errorf("configuration %+v, %v", cfg, err)
		}
	}
	check(1 << 30)
	src.Environ = append(src.Environ, "EDDY_MEMORY=512MiB")
	check(512 << 20)
	if err := fs.Parse([]string{"--memory", "256MiB"}); err != nil {
		t.Fatal(err)
	}
	check(256 << 20)
	if err := fs.Parse([]string{"--memory", "lots"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(src); err == nil || !strings.Contains(err.Error(), "memory") || !strings.Contains(err.Error(), `"lots"`) {
		t.Errorf("error %v", err)
	}
}

// The plan is listed in whole mebibytes, by keys that are no settings.
func TestListPlan(t *testing.T) {
	t.Parallel()
	list := ListPlan(topology.MemoryPlan{Total: 1 << 30, Rows: 5<<20 + 1, Sending: 1000})
	got := map[string]string{}
	for _, e := range list {
		if e.Variable != "" {
			t.Errorf("%s is set by %s", e.Key, e.Variable)
		}
		got[e.Key] = fmt.Sprint(e.Value)
	}
	for key, want := range map[string]string{"memory-plan.total": "1GiB", "memory-plan.rows": "5MiB", "memory-plan.sending": "1000"} {
		if got[key] != want {
			t.Errorf("%s is %q, not %q", key, got[key], want)
		}
	}
}
