package codecs

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
)

// Pair is a key of two parts, such as a user and the start of a window.
type Pair[A, B any] struct {
	First  A
	Second B
}

// PairOf is the codec of keys of two parts. Encoded pairs sort by the encoding of the first part, and then by that of the second; so all
// pairs with one first part stand side by side, in the order of the second. The first part alone decides the partition, as it
// does where it is a key by itself: rows of pairs lie where the records of their first part are.
func PairOf[A, B any](first Codec[A], second Codec[B]) Codec[Pair[A, B]] {
	return pairs[A, B]{first, second}
}

type pairs[A, B any] struct {
	first  Codec[A]
	second Codec[B]
}

// The first part ends with two bytes that are less than any that can stand in their place: a zero in it is followed by 0xff.
var (
	pairEnd  = []byte{0, 1}
	pairZero = []byte{0, 0xff}

	errPair = errors.New("the first part of a pair has no end")
)

// Encode implements [Codec].
func (p pairs[A, B]) Encode(value Pair[A, B]) ([]byte, error) {
	second, err := p.second.Encode(value.Second)
	if err != nil {
		return nil, fmt.Errorf("second of pair: %w", err)
	}
	return p.join(value.First, second)
}

// KeyPrefix implements [KeyPrefix].
func (p pairs[A, B]) KeyPrefix(key Pair[A, B]) (second []byte, err error) {
	inner, nested := p.second.(KeyPrefix[B])
	switch {
	case reflect.ValueOf(&key.Second).Elem().IsZero():
	case nested:
		second, err = inner.KeyPrefix(key.Second)
	default:
		second, err = p.second.Encode(key.Second)
	}
	if err != nil {
		return nil, fmt.Errorf("second of pair: %w", err)
	}
	return p.join(key.First, second)
}

// join encodes the first part and puts it before the second.
func (p pairs[A, B]) join(value A, second []byte) ([]byte, error) {
	first, err := p.first.Encode(value)
	if err != nil {
		return nil, fmt.Errorf("first of pair: %w", err)
	}
	data := make([]byte, 0, len(first)+bytes.Count(first, []byte{0})+len(pairEnd)+len(second))
	for _, c := range first {
		if c == 0 {
			data = append(data, pairZero...)
		} else {
			data = append(data, c)
		}
	}
	data = append(data, pairEnd...)
	return append(data, second...), nil
}

// Decode implements [Codec].
func (p pairs[A, B]) Decode(data []byte) (pair Pair[A, B], err error) {
	first, second, ok := splitPair(data)
	if !ok {
		return pair, fmt.Errorf("%w: %x", errPair, data)
	}
	if pair.First, err = p.first.Decode(first); err != nil {
		return pair, fmt.Errorf("first of pair: %w", err)
	}
	if pair.Second, err = p.second.Decode(second); err != nil {
		return pair, fmt.Errorf("second of pair: %w", err)
	}
	return pair, nil
}

// HashPart implements [HashPart].
func (p pairs[A, B]) HashPart(key []byte) []byte {
	first, _, ok := splitPair(key)
	if !ok {
		return key
	}
	if h, ok := p.first.(HashPart); ok {
		return h.HashPart(first)
	}
	return first
}

// splitPair returns the encodings of both parts.
func splitPair(data []byte) (first, second []byte, ok bool) {
	at := bytes.IndexByte(data, 0)
	if at >= 0 && at+1 < len(data) && data[at+1] == pairEnd[1] {
		return data[:at:at], data[at+2:], true // the usual: nothing to put back
	}
	first = make([]byte, 0, len(data))
	for {
		at := bytes.IndexByte(data, 0)
		if at < 0 || at+1 == len(data) {
			return nil, nil, false
		}
		first = append(first, data[:at]...)
		mark := data[at+1]
		data = data[at+2:]
		switch mark {
		case pairEnd[1]:
			return first, data, true
		case pairZero[1]:
			first = append(first, 0)
		default:
			return nil, nil, false
		}
	}
}
