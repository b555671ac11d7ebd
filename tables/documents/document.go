// Package documents turns rows of the tables into JSON documents, for dumps and queries. They say what a row means,
// not how it is laid out: two tables with the same content give the same documents.
package documents

import (
	"time"

	"github.com/eddystream/eddy/tables"
)

// Writer makes documents. It is safe for concurrent use.
type Writer struct {
	// Sites spell titles with their prefixes.
	Sites *tables.Sites
}

// Titled is a title with the prefix of its namespace.
type Titled struct {
	PageTitle string `json:"page_title"`
	Namespace int32  `json:"namespace_id"`
}

// titled spells a title as requests do.
func (w Writer) titled(t tables.Title) (Titled, error) { return w.with("", t) }

// with is titled with a prefix that events gave the title's namespace; empty: they need not.
func (w Writer) with(prefix string, t tables.Title) (Titled, error) {
	out := Titled{PageTitle: prefix + ":" + t.DBKey, Namespace: t.Namespace}
	if prefix == "" {
		site, err := w.Sites.Site(t.Wiki)
		if err != nil {
			return out, err
		}
		out.PageTitle = site.Prefixed(t)
	}
	return out, nil
}

func (w Writer) maybeTitled(wiki string, n *tables.Name) (*Titled, error) {
	if n == nil {
		return nil, nil
	}
	t, err := w.titled(n.In(wiki))
	return &t, err
}

// instant spells Unix seconds as events do; 0 is none.
func instant(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}
