package codecs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/eddystream/eddy/codecs"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              `""`,
		"a\x00b":                        `"a\x00b"`,
		strings.Repeat("a", 100):        `"` + strings.Repeat("a", 100) + `"`,
		strings.Repeat("a", 1_000_000):  `"` + strings.Repeat("a", 100) + `"… (1000000 bytes)`,
		"a" + strings.Repeat("é", 1000): `"a` + strings.Repeat("é", 49) + `"… (2001 bytes)`,
		strings.Repeat("𝅘", 1000):       `"` + strings.Repeat("𝅘", 25) + `"… (4000 bytes)`,
		strings.Repeat("a", 101):        `"` + strings.Repeat("a", 100) + `"… (101 bytes)`,
		strings.Repeat("\x80", 101):     `"` + strings.Repeat(`\x80`, 100) + `"… (101 bytes)`,
	} {
		if got := codecs.Quote(text); got != want {
			t.Errorf("%.20q…: %s, want %s", text, got, want)
		}
		if got := codecs.Quote([]byte(text)); got != want {
			t.Errorf("bytes %.20q…: %s, want %s", text, got, want)
		}
	}
}

func TestBrief(t *testing.T) {
	t.Parallel()
	if err := codecs.Brief(io.EOF); err != io.EOF { //nolint:errorlint // the same one
		t.Error(err)
	}
	if err := codecs.Brief(nil); err != nil {
		t.Error(err)
	}
	long := codecs.Brief(fmt.Errorf("%w: %s", io.EOF, strings.Repeat("x", 1_000_000)))
	if want := "EOF: " + strings.Repeat("x", 295) + "… (1000005 bytes)"; long.Error() != want || !errors.Is(long, io.EOF) {
		t.Errorf("%.400s", long)
	}
}

// A library's errors may have all of what it read.
func TestErrorsOfHugeJSONAreShort(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("1", 1_000_000)
	if _, err := codecs.JSON[int64]().Decode([]byte(huge)); err == nil || len(err.Error()) > 500 {
		t.Errorf("%.100v", err)
	}
	if _, err := codecs.JSON[map[string]int64]().Decode([]byte(`{"` + huge + `":"x"}`)); err == nil || len(err.Error()) > 500 {
		t.Errorf("%.100v", err)
	}
}
