package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// comparison is what was measured of both sides.
type comparison struct {
	Eddy, Streams figures
}

// rows are the lines of the table, in its order.
var rows = []struct {
	text   string
	figure name
	format string
	scale  float64
}{
	{"edges/s from the start", edgeRate, "%.0f", 1},
	{"big cascade, requests/s, the first time", cascadeFirst, "%.0f", 1},
	{"big cascade, requests/s, best of three", cascadeBest, "%.0f", 1},
	{"small edit to first request, p50, ms", smallFirst50, "%.1f", 1},
	{"small edit to first request, p99, ms", smallFirst99, "%.1f", 1},
	{"small edit to last request, p50, ms", smallLast50, "%.1f", 1},
	{"small edit to last request, p99, ms", smallLast99, "%.1f", 1},
	{"bytes an edge, store", storeBytes, "%.1f", 1},
	{"bytes an edge, changelog, last rows", liveBytes, "%.1f", 1},
	{"bytes an edge, changelog as it lies", changelogBytes, "%.1f", 1},
	{"bytes an edge, all topics as they lie", topicBytes, "%.1f", 1},
	{"recovery, records/s", recovery, "%.0f", 1},
	{"memory at most, without the broker, MB", memory, "%.0f", 1e-6},
}

// table returns the figures as a table in Markdown.
func (c comparison) table() string {
	var b strings.Builder
	b.WriteString("| | Kafka Streams | Eddy | Eddy / Kafka Streams |\n| --- | --- | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | "+r.format+" | "+r.format+" | %.2f |\n",
			r.text, r.scale*c.Streams[r.figure], r.scale*c.Eddy[r.figure], c.Eddy[r.figure]/c.Streams[r.figure])
	}
	return b.String()
}

// entry is one figure of both sides.
type entry struct {
	Eddy         float64 `json:"eddy"`
	KafkaStreams float64 `json:"kafka_streams"`
	Ratio        float64 `json:"ratio"` // of Eddy's to the other
}

// write writes the figures as JSON.
func (c comparison) write(file string) error {
	all := map[name]entry{}
	for _, r := range rows {
		eddy, streams := c.Eddy[r.figure], c.Streams[r.figure]
		all[r.figure] = entry{Eddy: eddy, KafkaStreams: streams, Ratio: eddy / streams}
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644) //nolint:gosec // a report
}
