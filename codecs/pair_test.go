package codecs_test

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"testing"

	"github.com/eddystream/eddy/codecs"
)

// FuzzPair: what is encoded is read back, sorts by its parts, and hashes as its first part; bytes that are no pair are an error.
func FuzzPair(f *testing.F) {
	f.Add([]byte("ada"), []byte("1"), []byte("ad"), []byte("\x00"))
	f.Add([]byte("a\x00"), []byte("\x00\x01"), []byte("a"), []byte("\xff"))
	f.Add([]byte{0, 1}, []byte{}, []byte{0, 0xff}, []byte{0})
	f.Add([]byte{}, []byte{}, []byte{0}, []byte{0})
	codec := codecs.PairOf(codecs.Bytes(), codecs.Bytes())
	f.Fuzz(func(t *testing.T, a1, b1, a2, b2 []byte) {
		one, two := codecs.Pair[[]byte, []byte]{First: a1, Second: b1}, codecs.Pair[[]byte, []byte]{First: a2, Second: b2}
		data, err := codec.Encode(one)
		other, err2 := codec.Encode(two)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode(data)
		if err != nil || !bytes.Equal(got.First, a1) || !bytes.Equal(got.Second, b1) {
			t.Fatalf("Decode(%x) = %q, %v; want %q", data, got, err, one)
		}
		if want := cmp.Or(bytes.Compare(a1, a2), bytes.Compare(b1, b2)); bytes.Compare(data, other) != want {
			t.Fatalf("%q and %q sort by %d, want %d", data, other, bytes.Compare(data, other), want)
		}
		if hashed := codec.(codecs.HashPart).HashPart(data); !bytes.Equal(hashed, a1) {
			t.Fatalf("HashPart(%x) = %x, want %x", data, hashed, a1)
		}
		if read, err := codec.Decode(a1); err == nil { // of bytes that are whatever they are
			again, err := codec.Encode(read)
			if err != nil || !bytes.Equal(again, a1) {
				t.Fatalf("%x is read as %q, which is %x, %v", a1, read, again, err)
			}
		}
		codec.(codecs.HashPart).HashPart(a1)
	})
}

// A pair of pairs hashes as the first of its first, and its parts' errors are its own.
func TestPairParts(t *testing.T) {
	t.Parallel()
	text := codecs.String[string]()
	inner := codecs.PairOf(text, codecs.Int64())
	codec := codecs.PairOf(inner, codecs.Int64())
	data, err := codec.Encode(codecs.Pair[codecs.Pair[string, int64], int64]{First: codecs.Pair[string, int64]{First: "ada", Second: 256}, Second: 7})
	if err != nil {
		t.Fatal(err)
	}
	if hashed := codec.(codecs.HashPart).HashPart(data); string(hashed) != "ada" {
		t.Errorf("HashPart = %q", hashed)
	}
	for _, bad := range [][]byte{nil, []byte("ada"), []byte("ada\x00"), []byte("ada\x00\x02"), []byte("ada\x00\x01short")} {
		if _, err := inner.Decode(bad); err == nil {
			t.Errorf("Decode(%q) is no error", bad)
		}
	}
}

// A pair whose last parts are zero values is the beginning of all that have the first ones, whatever the codecs make of a zero.
func TestKeyPrefix(t *testing.T) {
	t.Parallel()
	type triple = codecs.Pair[string, codecs.Pair[int64, int32]]
	codec := codecs.PairOf(codecs.String[string](), codecs.PairOf(codecs.Int64(), codecs.Int32()))
	key := func(a string, b int64, c int32) triple {
		return triple{First: a, Second: codecs.Pair[int64, int32]{First: b, Second: c}}
	}
	keys := []triple{key("a", 0, 0), key("a", -1, 0), key("a", 7, 1), key("a", 7, -1), key("a\x00", 7, 1), key("ab", 7, 1), key("", 7, 1)}
	for _, test := range []struct {
		of   triple
		want []triple
	}{
		{key("a", 0, 0), keys[:4]},
		{key("a", 7, 0), keys[2:4]},
		{key("a", 7, 1), keys[2:3]},
		{key("a\x00", 7, 0), keys[4:5]},
		{key("", 7, 0), keys[6:]},
	} {
		prefix, err := codec.(codecs.KeyPrefix[triple]).KeyPrefix(test.of)
		if err != nil {
			t.Fatal(err)
		}
		var got []triple
		for _, k := range keys {
			data, err := codec.Encode(k)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.HasPrefix(data, prefix) {
				got = append(got, k)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v begins %v, want %v", test.of, got, test.want)
		}
	}
	windows := codecs.PairOf(codecs.String[string](), codecs.Int64())
	prefix, err := windows.(codecs.KeyPrefix[codecs.Pair[string, int64]]).KeyPrefix(codecs.Pair[string, int64]{First: "a"})
	if err != nil || string(prefix) != "a\x00\x01" {
		t.Errorf("prefix %q, %v", prefix, err)
	}
}
