package cli

import (
	"errors"

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
	tables.Cascades.Topic():         "CascadeRow",
	tables.CascadePartTable.Topic(): "CascadePart",
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
