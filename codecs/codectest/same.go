// Package codectest holds codecs against each other.
package codectest

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
)

// Failer is a test, of rapid too.
type Failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// SameRead has two codecs read the same of some bytes, or both nothing.
func SameRead[T any](t Failer, quick, avro codecs.Codec[T], data []byte, same ...cmp.Option) {
	t.Helper()
	got, gotErr := quick.Decode(data)
	want, wantErr := avro.Decode(data)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%x: error %v, want %v", data, gotErr, wantErr)
	}
	if diff := cmp.Diff(want, got, same...); diff != "" {
		t.Fatalf("%x: %s", data, diff)
	}
}

// SameReadDamaged has them read what is cut off, and may have another bit.
func SameReadDamaged[T any](t *rapid.T, quick, avro codecs.Codec[T], data []byte, same ...cmp.Option) {
	t.Helper()
	bad := bytes.Clone(data[:rapid.IntRange(0, len(data)).Draw(t, "cut")])
	if len(bad) > 0 && rapid.Bool().Draw(t, "damaged") {
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	}
	SameRead(t, quick, avro, bad, same...)
}

// Bench measures codecs, by name, at a value.
func Bench[T any](b *testing.B, value T, by map[string]codecs.Codec[T]) {
	b.Helper()
	for name, codec := range by {
		data, err := codec.Encode(value)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("encode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Encode(value); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("decode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
