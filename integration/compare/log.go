package compare

import (
	"io"
	"strings"
)

// Event is what the comparators read of one line of an event file: a page change when
// Change is not empty, else a render event.
type Event struct {
	Meta struct {
		ID     string `json:"id"`
		Domain string `json:"domain"`
	} `json:"meta"`
	WikiID  string    `json:"wiki_id"`
	DT      string    `json:"dt"`
	Change  string    `json:"page_change_kind"`
	Page    EventPage `json:"page"`
	Created EventPage `json:"created_redirect_page"`
	Prior   struct {
		Page EventPage `json:"page"`
	} `json:"prior_state"`
	Revision struct {
		RevID int64 `json:"rev_id"`
	} `json:"revision"`
	Closure      string `json:"closure"`
	Transclusion string `json:"transclusion_sha1"`
	Links        struct {
		Template  []EventLink `json:"template"`
		Image     []EventLink `json:"image"`
		Page      []EventLink `json:"page"`
		Existence []EventLink `json:"existence"`
		Category  []EventLink `json:"category"`
	} `json:"links"`
}

// EventPage is a page as an event names it.
type EventPage struct {
	PageID      int64  `json:"page_id"`
	PageTitle   string `json:"page_title"`
	NamespaceID int    `json:"namespace_id"`
}

// EventLink is a link of a render event; Title is without prefix.
type EventLink struct {
	NamespaceID int    `json:"namespace_id"`
	Title       string `json:"title"`
	PageID      int64  `json:"page_id"`
	RevID       int64  `json:"rev_id"`
	Scope       string `json:"scope"`
}

// ReadLog reads an event file, canary events left out. An error names the line.
func ReadLog(r io.Reader) ([]Event, error) {
	events, err := readLines[Event](r)
	if err != nil {
		return nil, err
	}
	kept := events[:0]
	for _, e := range events {
		if e.Meta.Domain != "canary" {
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// name is a title as links spell it: namespace and key without prefix.
type name struct {
	namespace int
	key       string
}

func (p EventPage) name() name { return Title{p.PageTitle, p.NamespaceID}.name() }

func (t Title) name() name {
	if t.NamespaceID == 0 {
		return name{0, t.PageTitle}
	}
	if _, key, ok := strings.Cut(t.PageTitle, ":"); ok {
		return name{t.NamespaceID, key}
	}
	return name{t.NamespaceID, t.PageTitle}
}

func (p EventPage) title() Title { return Title{p.PageTitle, p.NamespaceID} }
func (l EventLink) name() name   { return name{l.NamespaceID, l.Title} }
