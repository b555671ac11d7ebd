package cli

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
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
}

// avroJSON renders a value of one of the pipeline's topics; false for other topics, and for what is not of the topic's type.
func avroJSON(topic string, value []byte) ([]byte, bool) {
	name, known := avroTypes[topic]
	if !known {
		return nil, false
	}
	schema, err := codecs.NewSchema("eddy." + name)
	if err != nil {
		return nil, false
	}
	text, err := schema.JSON(value)
	return text, err == nil
}
