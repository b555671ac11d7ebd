package schemas

import _ "embed"

// RenderJSON is the JSON schema of render events, as files and producers have them.
//
//go:embed json/render.json
var RenderJSON string

// RenderJSONName is what it is called: the "$schema" of the events.
const RenderJSONName = "/eddy/render/1.0.0"
