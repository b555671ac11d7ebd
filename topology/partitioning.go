package topology

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"unicode"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// hashed returns what decides the partition of a key that stands for others, and the key as text. It reports false where the codec refuses
// the key, and for a number past the last one.
type hashed func(sample int) (key string, part []byte, ok bool)

// hashedBy is the hashed of a key codec: for some keys of its type.
func hashedBy[K any](codec codecs.Codec[K]) hashed {
	return func(sample int) (key string, part []byte, ok bool) {
		defer func() {
			if recover() != nil { // a codec may expect more of a key than its type says
				ok = false
			}
		}()
		var k K
		if isNil(codec) || !fill(reflect.ValueOf(&k).Elem(), sample) {
			return "", nil, false
		}
		data, err := codec.Encode(k)
		if err != nil {
			return "", nil, false
		}
		if part := hashPart(codec); part != nil {
			data = part(data)
		}
		return fmt.Sprint(k), data, true
	}
}

// The texts and numbers that keys are made of.
var (
	sampleTexts = append([]string{
		"a", "b1", "a/b", "a:b", "a-b", "a.b", "a|b", "a,b", "a b", "a@b.org", "a/b/c", "a:b:c", "A", "7", "0042", "\u00fc", longText(),
	}, parted()...)
	sampleNumbers = []int64{1, 2, 7, 64, 127, 0, 255, 256, 257, 1000, 4096, 65537, 1 << 20, 1<<31 - 1, 3, 42, -1}
	samples       = len(sampleTexts) // how many keys are tried
)

// longText is longer than any part of a fixed length that keys are likely to be hashed by, and no two parts of it are alike.
func longText() string {
	var text []byte
	for n := range 100 {
		text = strconv.AppendInt(text, int64(n), 10)
	}
	return string(text)
}

// parted has a text with each character that may part a key, alone and doubled.
func parted() (texts []string) {
	for c := range rune(0x100) {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			texts = append(texts, "x"+string(c)+"y", "x"+string(c)+string(c)+"y")
		}
	}
	return texts
}

// fill makes a value of texts and numbers, and reports whether it is of a type that can be.
func fill(v reflect.Value, sample int) bool {
	switch v.Kind() {
	case reflect.String:
		v.SetString(sampleTexts[sample%len(sampleTexts)])
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n := sampleNumbers[sample%len(sampleNumbers)]
		if v.OverflowInt(n) {
			return false
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n := sampleNumbers[sample%len(sampleNumbers)]
		if n < 0 || v.OverflowUint(uint64(n)) {
			return false
		}
		v.SetUint(uint64(n))
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return false
		}
		v.SetBytes([]byte(sampleTexts[sample%len(sampleTexts)]))
	case reflect.Bool:
		v.SetBool(sample%2 == 1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(sampleNumbers[sample%len(sampleNumbers)]) / 2)
	case reflect.Array:
		for i := range v.Len() {
			if v.Index(i).Kind() == reflect.Uint8 {
				v.Index(i).SetUint(uint64(byte(sample + i)))
			} else if !fill(v.Index(i), sample) {
				return false
			}
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			if !f.CanSet() || !fill(f, sample) {
				return false
			}
		}
	default:
		return false
	}
	return true
}

// apart says why two edges of a processor put keys into different partitions; nothing if that is not known.
func apart(a, b *edge) string {
	if a.topic.Foreign || b.topic.Foreign {
		if b.topic.Foreign {
			b = a
		}
		return fmt.Sprintf("is declared with ForeignPartitions and is read beside the %s %q", b.role, b.topic.Name)
	}
	if a.hashed == nil || b.hashed == nil || sameCodec(a.key, b.key) && reflect.ValueOf(a.key).Comparable() {
		return ""
	}
	for i := range samples {
		key, one, ok := a.hashed(i)
		_, other, also := b.hashed(i)
		if ok && also && !bytes.Equal(one, other) {
			return fmt.Sprintf("is read beside the %s %q, and keys do not lie in the same partitions: of key %s its codec %T hashes %s, and %T hashes %s",
				b.role, b.topic.Name, kernel.Quote([]byte(key)), a.key, kernel.Quote(one), b.key, kernel.Quote(other))
		}
	}
	return ""
}

// validatePartitioning compares how the topics that a processor reads side by side place their keys. All are compared with its table, its
// loop, or its first input.
func (b *Builder) validatePartitioning() {
	for _, p := range b.processors {
		var side []*edge
		for _, e := range p.edges {
			switch e.role {
			case roleTable, roleLoop:
				side = append([]*edge{e}, side...)
			case roleInput, roleJoin:
				side = append(side, e)
			}
		}
		p.validateForeign(side)
		for _, e := range side[min(1, len(side)):] {
			if why := apart(e, side[0]); why != "" {
				hint := "read it with Repartition"
				if e.role == roleJoin {
					hint = "look it up instead"
				}
				name := e.topic.Name
				if !e.topic.Foreign && side[0].topic.Foreign {
					name = side[0].topic.Name
				}
				p.problemf(name, "%s; %s", why, hint)
			}
		}
	}
}

// validateForeign wants the records of a processor with stores or timers to lie where its keys do.
func (p *processor) validateForeign(side []*edge) {
	for _, e := range p.edges {
		if e.role != roleStore && e.role != roleTimers {
			continue
		}
		if e.topic.Foreign {
			p.problemf(e.topic.Name, "of its %s is declared with ForeignPartitions, and is written by nobody else", e.role)
			continue
		}
		for _, input := range side {
			if input.role == roleInput && input.topic.Foreign {
				p.problemf(input.topic.Name, "is declared with ForeignPartitions and is read beside the %s %q; read it with Repartition", e.role, e.topic.Name)
			}
		}
	}
}
