package cli

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/schemas"
)

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
	tables.RequestParts.Topic():     "RequestPart",
	tables.Cascades.Topic():         "CascadeRow",
	tables.CascadeParts.Topic():     "CascadePart",
	tables.LinksParts.Topic():       "LinksPart",
	"eddy-requests-late-timers":     timers,
	"eddy-links-overdue-timers":     timers,
	"eddy-cascades-ends-timers":     timers,
}

// timers are values that are times: milliseconds since 1970, 8 bytes each.
const timers = "timers"

// avroJSON renders a value that one of Eddy's releases wrote in Avro; false for all else. A value of v0 has no header:
// only its topic says what it is.
func avroJSON(topic string, value []byte) ([]byte, bool) {
	if avroTypes[topic] == timers {
		return timersJSON(value)
	}
	text, err := schemas.Releases.JSON(value)
	if errors.Is(err, codecs.ErrNoHeader) {
		var format *codecs.Format
		if format, err = schemas.Releases.Format("eddy." + avroTypes[topic]); err == nil {
			text, err = format.JSON(value)
		}
	}
	return text, err == nil
}

func timersJSON(value []byte) ([]byte, bool) {
	if len(value)%8 != 0 {
		return nil, false
	}
	times := []time.Time{}
	for ; len(value) > 0; value = value[8:] {
		times = append(times, time.UnixMilli(int64(binary.BigEndian.Uint64(value))).UTC())
	}
	text, err := json.Marshal(times)
	return text, err == nil
}
