package events

import (
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/schemas"
)

// Render is one rendering of one page with all links that it used: the whole set, never a difference.
type Render struct {
	Meta             Meta           `avro:"meta"`
	Wiki             string         `avro:"wiki_id"`
	Start            time.Time      `avro:"dt"` // when the rendering began, in UTC; Avro keeps milliseconds
	Page             RenderPage     `avro:"page"`
	Revision         RenderRevision `avro:"revision"`
	Closure          Closure        `avro:"closure"`
	OutputSHA1       string         `avro:"output_sha1"`
	ContentSHA1      string         `avro:"content_sha1"`      // of the page's own text; empty: not said
	TransclusionSHA1 string         `avro:"transclusion_sha1"` // of what others include of it; empty: not said
	Links            Links          `avro:"links"`
	Cause            *Cause         `avro:"cause"` // the request that this answers; nil: none
	// Dropped is what stood among the links in the JSON of the event and is no link.
	Dropped []Dropped `avro:"-"`
}

// RenderPage is the page that was rendered.
type RenderPage struct {
	ID        int64  `avro:"page_id"`
	Title     string `avro:"page_title"` // with the prefix of its namespace
	Namespace int32  `avro:"namespace_id"`
}

// RenderRevision is the revision that was rendered.
type RenderRevision struct {
	ID int64 `avro:"rev_id"`
}

// Links are the links of a rendering, by type.
type Links struct {
	Template  []TemplateLink  `avro:"template"`
	Page      []TitleLink     `avro:"page"`
	Image     []TitleLink     `avro:"image"`
	Category  []TitleLink     `avro:"category"`
	Existence []TitleLink     `avro:"existence"` // titles whose existence was asked for
	External  []string        `avro:"external"`  // URLs
	Lang      []string        `avro:"lang"`      // "code:Title"
	Interwiki []InterwikiLink `avro:"interwiki"`
}

// TemplateLink is the use of a template, or of any page as one.
type TemplateLink struct {
	Namespace int32  `avro:"namespace_id"`
	Title     string `avro:"title"`   // without prefix
	PageID    int64  `avro:"page_id"` // 0: there was no such page
	RevID     int64  `avro:"rev_id"`  // the revision used; 0: not said
	Scope     Scope  `avro:"scope"`
}

// TitleLink is a link to a title.
type TitleLink struct {
	Namespace int32  `avro:"namespace_id"`
	Title     string `avro:"title"`   // without prefix
	PageID    int64  `avro:"page_id"` // 0: there was no such page, or it is not said
}

// InterwikiLink is a link to a page of another wiki.
type InterwikiLink struct {
	Prefix string `avro:"prefix"`
	Title  string `avro:"title"`
}

// Cause is the request that a rendering answers.
type Cause struct {
	CascadeID string `avro:"cascade_id"`
	Root      string `avro:"root"`
}

// Closure is what a rendering's list of templates holds.
type Closure uint8

// The closures.
const (
	Complete Closure = iota // every template at any depth
	Direct                  // what the page's own text names
)

// String returns the closure's name as events spell it.
func (c Closure) String() string {
	switch c {
	case Complete:
		return "complete"
	case Direct:
		return "direct"
	}
	return fmt.Sprintf("closure %d", uint8(c))
}

// Scope is where the use of a template is in effect.
type Scope uint8

// The scopes.
const (
	Included Scope = iota // also where the page itself is included
	PageOnly              // only in the page's own view
)

// String returns the scope's name as events spell it.
func (s Scope) String() string {
	switch s {
	case Included:
		return "included"
	case PageOnly:
		return "page"
	}
	return fmt.Sprintf("scope %d", uint8(s))
}

var renders = possible{codecs.AvroBy(schemas.Format("Render"), schemas.Codec[Render]("Render"), renderLayout)}

// RenderCodec is the Avro codec of render events, of the schema "eddy.Render". Of arrays without elements it reads
// empty slices. A page's id or a time that is impossible is [ErrField].
func RenderCodec() codecs.Codec[Render] { return renders }
