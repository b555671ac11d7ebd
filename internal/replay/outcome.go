package replay

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/eddystream/eddy/tables"
)

// Outcome collects what a pipeline asked for. It is safe for concurrent use.
type Outcome struct {
	mu       sync.Mutex
	requests []tables.Request
	cascades map[tables.CascadeID]tables.CascadeEvent
}

// Request adds a re-render request.
func (o *Outcome) Request(r tables.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = append(o.requests, r)
}

// Requests returns the requests collected so far, in no order.
func (o *Outcome) Requests() []tables.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.requests)
}

// Cascade adds an event of a cascade. Those of one cascade come in the order of the log; the last one counts.
func (o *Outcome) Cascade(e tables.CascadeEvent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cascades == nil {
		o.cascades = map[tables.CascadeID]tables.CascadeEvent{}
	}
	o.cascades[e.Cascade.ID] = e
}

// Totals are the sums of an outcome.
type Totals struct {
	Requests int            `json:"requests"`
	Reasons  map[string]int `json:"reasons"` // requests by reason
	Cascades int            `json:"cascades"`
	Phases   map[string]int `json:"phases"` // cascades by the last phase reported
	MaxDepth int            `json:"max_depth"`
}

// Totals sums up.
func (o *Outcome) Totals() Totals {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := Totals{
		Requests: len(o.requests), Reasons: map[string]int{},
		Cascades: len(o.cascades), Phases: map[string]int{},
	}
	for i := range o.requests {
		t.Reasons[o.requests[i].Reason.String()]++
		t.MaxDepth = max(t.MaxDepth, int(o.requests[i].Depth))
	}
	for id := range o.cascades {
		t.Phases[string(o.cascades[id].Phase)]++
	}
	return t
}

// requestLine is one line of requests.ndjson.
type requestLine struct {
	WikiID    string          `json:"wiki_id"`
	PageID    int64           `json:"page_id"`
	PageTitle string          `json:"page_title"`
	Namespace int32           `json:"namespace_id"`
	Reason    tables.LinkType `json:"reason"`
	Depth     int32           `json:"depth"`
	Stale     string          `json:"stale_since"`
	Cascade   cascadeName     `json:"cascade"`
}

// cascadeName is what every line says of its cascade.
type cascadeName struct {
	ID   tables.CascadeID   `json:"id"`
	Kind tables.ChangeKind  `json:"kind"`
	Root tables.RequestRoot `json:"root"`
	DT   string             `json:"dt"`
}

func name(c tables.RequestCascade) cascadeName {
	return cascadeName{ID: c.ID, Kind: c.Kind, Root: c.Root, DT: Time(c.DT)}
}

// Time spells Unix seconds as events do.
func Time(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// WriteRequests writes the requests as JSON, one a line, in the order of their cascade's time, root and id, then of
// wiki and page.
func (o *Outcome) WriteRequests(w io.Writer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.SortStableFunc(o.requests, func(a, b tables.Request) int {
		return cmp.Or(
			compareCascades(a.Cascade, b.Cascade), cmp.Compare(a.WikiID, b.WikiID), cmp.Compare(a.PageID, b.PageID),
			cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Reason, b.Reason),
		)
	})
	return writeLines(w, slices.Values(o.requests), func(r tables.Request) any {
		return requestLine{
			WikiID: r.WikiID, PageID: r.PageID, PageTitle: r.PageTitle, Namespace: r.Namespace,
			Reason: r.Reason, Depth: r.Depth, Stale: Time(r.Stale), Cascade: name(r.Cascade),
		}
	})
}

// Told reports whether an event of the cascade was collected.
func (o *Outcome) Told(id tables.CascadeID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.cascades[id]
	return ok
}

func compareCascades(a, b tables.RequestCascade) int {
	return cmp.Or(
		cmp.Compare(a.DT, b.DT),
		cmp.Compare(a.Root.Namespace, b.Root.Namespace),
		cmp.Compare(a.Root.PageTitle, b.Root.PageTitle),
		cmp.Compare(a.ID, b.ID),
	)
}

// writeLines writes one JSON object a line.
func writeLines[T any](w io.Writer, items iter.Seq[T], line func(T) any) error {
	return writeDocuments(w, func(yield func(any, error) bool) {
		for item := range items {
			if !yield(line(item), nil) {
				return
			}
		}
	})
}

// writeDocuments writes one JSON object a line, up to the first error.
func writeDocuments(w io.Writer, documents iter.Seq2[any, error]) error {
	buffered := bufio.NewWriter(w)
	out := json.NewEncoder(buffered)
	out.SetEscapeHTML(false)
	for d, err := range documents {
		if err != nil {
			return err
		}
		if err := out.Encode(d); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
