package cli

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/schemas"
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
	if text, ok := avroJSON(r.Topic(), r.Value); ok {
		return string(text)
	}
	if v := bytes.TrimSpace(r.Value); len(v) > 0 && (v[0] == '{' || v[0] == '[') {
		var compact bytes.Buffer
		if json.Compact(&compact, v) == nil {
			return compact.String()
		}
	}
	return spell(r.Value)
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

// avroTypes are the types of the values of the pipeline's own topics, in Avro.
var avroTypes = map[string]string{
	tables.Renders.Topic():          "Render",
	tables.RerenderRequests.Topic(): "Request",
	tables.CascadeEvents.Topic():    "CascadeEvent",
	tables.LinkChanges.Topic():      "LinkChange",
	tables.Lives.Topic():            "Life",
	tables.Claims.Topic():           "Claim",
	tables.TitleChanges.Topic():     "TitleChange",
	tables.TargetUpdates.Topic():    "TargetUpdate",
	tables.Uses.Topic():             "Used",
	tables.Asks.Topic():             "Ask",
	tables.CascadeProgress.Topic():  "Progress",
	tables.RequestClosings.Topic():  "RequestClosing",
	"eddy-dependents-loop":          "DependentsStep",
	tables.Pages.Topic():            "PageRow",
	tables.Titles.Topic():           "TitleRow",
	tables.Links.Topic():            "LinksRow",
	tables.Dependents.Topic():       "DependentsRow",
	tables.Requests.Topic():         "RequestRow",
	tables.Cascades.Topic():         "CascadeRow",
}

// avroJSON renders a value that one of Eddy's releases wrote in Avro; false for all else. A value of v0 has no header:
// only its topic says what it is.
func avroJSON(topic string, value []byte) ([]byte, bool) {
	text, err := schemas.Releases.JSON(value)
	if errors.Is(err, codecs.ErrNoHeader) {
		var format *codecs.Format
		if format, err = schemas.Releases.Format("eddy." + avroTypes[topic]); err == nil {
			text, err = format.JSON(value)
		}
	}
	return text, err == nil
}
