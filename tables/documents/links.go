package documents

import "github.com/eddystream/eddy/tables"

// Links is what a page uses.
type Links struct {
	Page string `json:"page"` // its key
	Titled
	Live     bool      `json:"live"`
	Rendered *Rendered `json:"rendered,omitempty"` // absent: no rendering that counts
	// Links are those in effect, by type.
	Links map[string][]Link `json:"links"`
}

// Rendered is the rendering that the links are from.
type Rendered struct {
	DT      string `json:"dt"`
	Rev     int64  `json:"rev_id"`
	Closure string `json:"closure"`
}

// Link is one link of a page.
type Link struct {
	Target string `json:"target"` // its key
	Page   int64  `json:"page_id,omitempty"`
	Rev    int64  `json:"rev_id,omitempty"`
	Scope  string `json:"scope,omitempty"`
}

// Links makes the document of a page's links.
func (w Writer) Links(key tables.PageKey, row *tables.LinksRow) (*Links, error) {
	l := &Links{Page: key.String(), Live: row.Live || !row.Known, Links: map[string][]Link{}}
	if row.Known {
		var err error
		if l.Titled, err = w.titled(row.Name.In(key.Wiki)); err != nil {
			return nil, err
		}
	}
	if row.Active() {
		l.Rendered = &Rendered{DT: instant(row.Render.Start), Rev: row.Render.Rev, Closure: "complete"}
		if row.Render.Direct {
			l.Rendered.Closure = "direct"
		}
		for _, link := range row.Render.Links {
			l.add(key.Wiki, link)
		}
	}
	if row.Redirect != nil {
		l.add(key.Wiki, tables.Link{Type: tables.LinkRedirect, Namespace: row.Redirect.Namespace, Text: row.Redirect.DBKey})
	}
	return l, nil
}

func (l *Links) add(wiki string, link tables.Link) {
	out := Link{Target: link.Target(wiki).String(), Page: link.Page, Rev: link.Rev}
	if link.PageOnly {
		out.Scope = "page"
	}
	name := link.Type.String()
	l.Links[name] = append(l.Links[name], out)
}
