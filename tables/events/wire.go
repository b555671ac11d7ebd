package events

// wire is the JSON of either event, so that one pass reads both, wherever the schema's address stands in the
// text. What an event may lack, and zero would not say so, is a pointer.
type wire struct {
	Schema string   `json:"$schema"`
	Meta   wireMeta `json:"meta"`
	Wiki   string   `json:"wiki_id"`
	Time   string   `json:"dt"`

	Changelog       string       `json:"changelog_kind,omitzero"`
	Kind            string       `json:"page_change_kind,omitzero"`
	Page            *wirePage    `json:"page"`
	Revision        wireRevision `json:"revision"`
	Prior           *wirePrior   `json:"prior_state,omitzero"`
	CreatedRedirect *wirePage    `json:"created_redirect_page,omitzero"`

	Closure          string     `json:"closure,omitzero"`
	OutputSHA1       string     `json:"output_sha1,omitzero"`
	ContentSHA1      string     `json:"content_sha1,omitzero"`
	TransclusionSHA1 string     `json:"transclusion_sha1,omitzero"`
	Links            *wireLinks `json:"links,omitzero"`
	Cause            *wireCause `json:"cause,omitzero"`
}

type wireMeta struct {
	Stream string `json:"stream,omitzero"`
	ID     string `json:"id,omitzero"`
	Domain string `json:"domain,omitzero"`
	Time   string `json:"dt,omitzero"`
}

type wirePage struct {
	ID        int64         `json:"page_id,omitzero"`
	Title     string        `json:"page_title,omitzero"`
	Namespace *int32        `json:"namespace_id,omitzero"`
	Redirect  *bool         `json:"is_redirect,omitzero"`
	Link      *wireRedirect `json:"redirect_page_link,omitzero"`
}

type wireRedirect struct {
	Title     string `json:"page_title,omitzero"`
	Namespace *int32 `json:"namespace_id,omitzero"`
	Interwiki string `json:"interwiki_prefix,omitzero"`
}

type wireRevision struct {
	ID    int64     `json:"rev_id"`
	Time  string    `json:"rev_dt,omitzero"`
	SHA1  string    `json:"rev_sha1,omitzero"`
	Slots wireSlots `json:"content_slots,omitempty"`
}

type wireSlots map[string]wireSlot

type wireSlot struct {
	Role  string `json:"slot_role,omitzero"`
	SHA1  string `json:"content_sha1,omitzero"`
	Model string `json:"content_model,omitzero"`
}

type wirePrior struct {
	Page *wirePage `json:"page,omitzero"`
}

type wireLinks struct {
	Template  []wireTemplate  `json:"template,omitempty"`
	Page      []wireTitle     `json:"page,omitempty"`
	Image     []wireTitle     `json:"image,omitempty"`
	Category  []wireTitle     `json:"category,omitempty"`
	Existence []wireTitle     `json:"existence,omitempty"`
	External  []string        `json:"external,omitempty"`
	Lang      []string        `json:"lang,omitempty"`
	Interwiki []wireInterwiki `json:"interwiki,omitempty"`
}

type wireTemplate struct {
	Namespace *int32 `json:"namespace_id"`
	Title     string `json:"title"`
	PageID    int64  `json:"page_id,omitzero"`
	RevID     int64  `json:"rev_id,omitzero"`
	Scope     string `json:"scope,omitzero"`
}

type wireTitle struct {
	Namespace *int32 `json:"namespace_id"`
	Title     string `json:"title"`
	PageID    int64  `json:"page_id,omitzero"`
}

type wireInterwiki struct {
	Prefix string `json:"prefix"`
	Title  string `json:"title"`
}

type wireCause struct {
	CascadeID string `json:"cascade_id"`
	Root      string `json:"root"`
}
