package pack_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// head is that of an Avro single object.
const head = "\xc3\x01\x5a\x0f\x31\x99\x04\xbe\xd2\x70"

// typical is n messages as a batch has them: readable keys of 20 to 60 bytes, values of 20 to 80 with one schema, few different times.
func typical(n int) []kernel.Message {
	random := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 400)
	for i := range words {
		word := make([]byte, 4+random.IntN(8))
		for j := range word {
			word[j] = byte('a' + random.IntN(26))
		}
		words[i] = string(word)
	}
	at := time.UnixMilli(1_767_225_600_000)
	messages := make([]kernel.Message, n)
	for i := range messages {
		if i%20 == 0 {
			at = at.Add(time.Duration(random.IntN(40)) * time.Millisecond)
		}
		key := []byte("benchwiki:10")
		for range 2 + random.IntN(3) {
			key = append(append(key, '_'), words[random.IntN(len(words))]...)
		}
		value := []byte(head)
		value = binary.AppendVarint(value, at.Unix())
		value = binary.AppendVarint(value, int64(random.IntN(1_000_000)))
		for range 1 + random.IntN(5) {
			value = append(value, words[random.IntN(len(words))]...)
		}
		messages[i] = kernel.Message{Key: key, Value: value, Timestamp: at}
	}
	return messages
}

func addAll(b *pack.Builder, messages []kernel.Message) (added int) {
	for i := range messages {
		if m := &messages[i]; !b.Add(m.Key, m.Value, m.Timestamp, m.Headers) {
			return i
		}
	}
	return len(messages)
}

// Figures are of one message, not of one pack.
func BenchmarkPack(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		messages := typical(n)
		b.Run(fmt.Sprintf("build/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var builder pack.Builder
			var body []byte
			for b.Loop() {
				builder.Reset()
				if added := addAll(&builder, messages); added != n {
					b.Fatalf("%d of %d fit", added, n)
				}
				body = builder.AppendTo(body[:0])
			}
			report(b, messages, body)
		})
		b.Run(fmt.Sprintf("decode/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var builder pack.Builder
			addAll(&builder, messages)
			body := builder.AppendTo(nil)
			var out []kernel.Message
			for b.Loop() {
				var err error
				if out, err = pack.Decode(body, out[:0]); err != nil || len(out) != n {
					b.Fatal(len(out), err)
				}
			}
			report(b, messages, body)
		})
	}
}

func report(b *testing.B, messages []kernel.Message, body []byte) {
	b.Helper()
	n, bare := float64(len(messages)), 0
	for _, m := range messages {
		bare += len(m.Key) + len(m.Value)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
	b.ReportMetric(float64(bare)/n, "bare-B/message")
	b.ReportMetric(float64(len(body))/n, "B/message")
	b.ReportMetric(float64(len(snappy.Encode(nil, body)))/n, "snappy-B/message")
}
