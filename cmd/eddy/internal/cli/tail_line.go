package cli

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/eddystream/eddy/topology"
)

// timeFormat has the milliseconds that records have.
const timeFormat = "2006-01-02T15:04:05.000Z"

// line spells one record.
func line(r *topology.Record[[]byte, []byte]) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d\t%d", r.Partition(), r.Offset())
	if r.Packed() {
		fmt.Fprintf(&s, "#%d", r.Index())
	}
	fmt.Fprintf(&s, "\t%s\t%s\t%s", r.Timestamp().UTC().Format(timeFormat), spell(r.Key), value(r))
	for i, h := range r.Headers() {
		if i == 0 {
			s.WriteByte('\t')
		} else {
			s.WriteByte(' ')
		}
		fmt.Fprintf(&s, "%s=%s", spell([]byte(h.Key)), spell(h.Value))
	}
	s.WriteByte('\n')
	return s.String()
}

// value spells what a record holds.
func value(r *topology.Record[[]byte, []byte]) string {
	if r.Deleted {
		return spell(nil)
	}
	return spellValue(r.Topic(), r.Value)
}

// spellValue spells the value of a record of a topic.
func spellValue(topic string, value []byte) string {
	if text, ok := avroJSON(topic, value); ok {
		return string(text)
	}
	if v := bytes.TrimSpace(value); len(v) > 0 && (v[0] == '{' || v[0] == '[') {
		var compact bytes.Buffer
		if json.Compact(&compact, v) == nil {
			return compact.String()
		}
	}
	return spell(value)
}

// spell is text as it is if it cannot be mistaken for anything else, and otherwise in quotes; other bytes in hexadecimal digits.
func spell(data []byte) string {
	switch {
	case data == nil:
		return "-"
	case !utf8.Valid(data):
		return "0x" + hex.EncodeToString(data)
	case len(data) == 0 || string(data) == "-" || bytes.HasPrefix(data, []byte("0x")) || bytes.ContainsFunc(data, misleads):
		return strconv.Quote(string(data))
	}
	return string(data)
}

// misleads reports whether a character would be taken for the end of a text, or not be seen.
func misleads(c rune) bool {
	return c == '"' || c == '=' || unicode.IsSpace(c) || !unicode.IsPrint(c)
}
