package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables/events"
)

// replaySummary is what eddy replay prints at the end.
type replaySummary struct {
	replay.Counts
	replay.Totals
	droppedLinks
	Seconds float64 `json:"seconds"`
	Out     string  `json:"out,omitempty"`
}

// droppedLinks is what is told of links that cannot be.
type droppedLinks struct {
	Faults map[string]int `json:"dropped_by_fault,omitempty"`
	sample string         // the first one
}

func (d *droppedLinks) add(ev *events.Event, links []events.Dropped) {
	if d.Faults == nil {
		d.Faults = map[string]int{}
		d.sample = fmt.Sprintf("; the first in %s:%d: %s %s", ev.File, ev.Line, links[0].Type, codecs.Quote(links[0].Text))
	}
	for _, l := range links {
		d.Faults[string(l.Fault)]++
	}
}

func (s replaySummary) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(s)
	}
	lines := []string{
		fmt.Sprintf("events    %d (%d page changes, %d renders) of %s in %.1f s",
			s.Events, s.Changes, s.Renders, plural(s.Files, "file"), s.Seconds),
	}
	if s.Rejected > 0 {
		lines = append(lines, fmt.Sprintf("rejected  %d", s.Rejected))
	}
	if s.Dropped > 0 {
		lines = append(lines, fmt.Sprintf("dropped   %s that cannot be%s%s", plural(s.Dropped, "link"), breakdown(s.Faults), s.sample))
	}
	lines = append(lines,
		fmt.Sprintf("cascades  %d%s", s.Cascades, breakdown(s.Phases)),
		fmt.Sprintf("requests  %d%s", s.Requests, breakdown(s.Reasons)),
	)
	if s.MaxDepth > 0 {
		lines = append(lines, fmt.Sprintf("depth     at most %d", s.MaxDepth))
	}
	if s.Out != "" {
		lines = append(lines, "written   "+s.Out)
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// breakdown lists counts by name, the greatest first.
func breakdown(counts map[string]int) string {
	if len(counts) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s %d", name, counts[name])
	}
	return ": " + strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
