package compare

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// Request is one line of requests.ndjson: a page to be rendered again.
type Request struct {
	WikiID      string  `json:"wiki_id"`
	PageID      int64   `json:"page_id"`
	PageTitle   string  `json:"page_title"` // prefixed database key
	NamespaceID int     `json:"namespace_id"`
	Reason      string  `json:"reason"` // template image redirect page existence category self
	Depth       int     `json:"depth"`  // 0 is the changed page itself
	StaleSince  string  `json:"stale_since"`
	Cascade     Cascade `json:"cascade"`
}

// Cascade names the change that a [Request] belongs to.
type Cascade struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Root Title  `json:"root"`
	DT   string `json:"dt"`
}

// Title is a title as requests and page changes spell it.
type Title struct {
	PageTitle   string `json:"page_title"` // prefixed database key
	NamespaceID int    `json:"namespace_id"`
}

// ReadRequests reads requests.ndjson. An error names the line.
func ReadRequests(r io.Reader) ([]Request, error) {
	return readLines[Request](r)
}

// readLines decodes one JSON value a line; blank lines are passed over.
func readLines[T any](r io.Reader) ([]T, error) {
	var out []T
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 1<<20), 64<<20)
	for n := 1; sc.Scan(); n++ {
		if len(sc.Bytes()) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, v)
	}
	return out, sc.Err()
}
