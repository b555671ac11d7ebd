package settings

import (
	"strings"
	"testing"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{
		"0": 0, "4096": 4096, "12B": 12, "1KiB": 1 << 10, "512MiB": 512 << 20, "512mib": 512 << 20, " 2 GiB ": 2 << 30, "1.5GiB": 3 << 29,
		"1kb": 1000, "1.5MB": 1_500_000, "3GB": 3_000_000_000, "1TiB": 1 << 40, "2TB": 2e12, "9223372036854775807": 1<<63 - 1,
	} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
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
