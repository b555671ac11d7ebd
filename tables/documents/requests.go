package documents

import (
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/requested"
)

// Requests is what is known of the renderings of a chunk of 256 pages.
type Requests struct {
	Chunk    string         `json:"chunk"` // the key of its first page
	Pages    []PageRender   `json:"pages"`
	Cascades []ChunkCascade `json:"cascades"`
}

// PageRender is the newest rendering of a page.
type PageRender struct {
	Page int64  `json:"page_id"`
	DT   string `json:"dt,omitempty"`
	Dead bool   `json:"dead,omitempty"`
}

// ChunkCascade is what a cascade asked for in the chunk.
type ChunkCascade struct {
	ID          tables.CascadeID `json:"cascade"`
	Closed      bool             `json:"closed"`
	Asked       []int64          `json:"asked"`
	Outstanding []int64          `json:"outstanding"`
}

// Requests makes the document of a chunk.
func (w Writer) Requests(c *requested.Chunk) *Requests {
	r := &Requests{Chunk: c.Key.String(), Pages: make([]PageRender, len(c.Pages)), Cascades: make([]ChunkCascade, len(c.Cascades))}
	for i, p := range c.Pages {
		r.Pages[i] = PageRender{Page: c.Key.ID + int64(p.Offset), DT: instant(p.Start), Dead: p.Dead}
	}
	for i, a := range c.Cascades {
		r.Cascades[i] = ChunkCascade{ID: a.ID, Closed: a.Closed, Asked: pageIDs(c.Key, a.Asked), Outstanding: pageIDs(c.Key, a.Outstanding)}
	}
	return r
}

func pageIDs(chunk tables.PageKey, set tables.Bits) []int64 {
	ids := make([]int64, 0, set.Len())
	for offset := range 256 {
		if set.Has(offset) {
			ids = append(ids, chunk.ID+int64(offset))
		}
	}
	return ids
}
