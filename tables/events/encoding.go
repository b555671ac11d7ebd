package events

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrEncoding is wrapped by the errors of [Incoming.Read] for a value in none of the encodings that are read.
var ErrEncoding = errors.New("unknown encoding")

// foreignEncodings are what producers send by mistake, by how it begins.
var foreignEncodings = []struct{ begin, says string }{
	{"[", "a JSON list: a record has one event"},
	{`"`, "a JSON text, which may have an event in it that was encoded twice"},
	{"\xef\xbb\xbf", "it begins with a byte order mark"},
	{"\xff\xfe", "UTF-16: JSON has to be UTF-8"},
	{"\xfe\xff", "UTF-16: JSON has to be UTF-8"},
	{"\x1f\x8b", "compressed by gzip: let the producer compress batches, by compression.type"},
	{"\x28\xb5\x2f\xfd", "compressed by zstd: let the producer compress batches, by compression.type"},
	{"Obj\x01", "an Avro file: a record has one value, with the single-object header"},
	{"\xc3\x01", "Avro with the single-object header, which is cut short, or of page changes: these are JSON, or in Confluent's wire format"},
}

// encodingOf says what a value is that is not read; text is the value without white space in front.
func encodingOf(value, text []byte) string {
	if len(value) == 0 {
		return "the value is empty"
	}
	for _, e := range foreignEncodings {
		if bytes.HasPrefix(text, []byte(e.begin)) {
			return e.says
		}
	}
	return fmt.Sprintf("it begins with %x: neither JSON, nor Avro with the single-object header, nor Confluent's wire format; Avro without a header tells no schema",
		value[:min(len(value), 8)])
}
