package codecs_test

import (
	"bytes"
	"testing"

	"github.com/eddystream/eddy/codecs"
)

func TestSingleObjectHeader(t *testing.T) {
	t.Parallel()
	whole := []byte("\xc3\x0112345678body")
	header, ok := codecs.SingleObjectHeader(whole)
	if !ok || string(header) != "\xc3\x0112345678" {
		t.Fatalf("header %x, %v", header, ok)
	}
	_ = append(header, 'x')
	if !bytes.HasSuffix(whole, []byte("body")) {
		t.Error("appending to the header wrote into the value")
	}
	if header, ok := codecs.SingleObjectHeader(whole[:10]); !ok || len(header) != 10 {
		t.Errorf("of a value without a body: %x, %v", header, ok)
	}
	for _, data := range []string{"", "\xc3", "\xc3\x01", "\xc3\x011234567", "\xc3\x0212345678", "\xc4\x0112345678", "a plain value"} {
		if header, ok := codecs.SingleObjectHeader([]byte(data)); ok {
			t.Errorf("%q has the header %x", data, header)
		}
	}
}
