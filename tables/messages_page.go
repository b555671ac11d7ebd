package tables

// Life is one applied change of a page, as its other processors hear of it.
type Life struct {
	Kind  ChangeKind `avro:"kind"`
	Event string     `avro:"event"`
	DT    int64      `avro:"dt"`
	Rev   int64      `avro:"rev_id"`
	Live  bool       `avro:"live"`
	// Since is the dt at which the present life began, by a create or an undelete; 0 if that was never seen.
	Since    int64  `avro:"since"`
	Name     Name   `avro:"name"`
	Prefix   string `avro:"prefix"`   // of the name, where the site info does not know it; else empty
	Redirect *Name  `avro:"redirect"` // where it leads, within the wiki; nil: no redirect
	SHA1     string `avro:"content_sha1"`
	// Titled says that the processor titles starts the cascade of this change, so a render of it does not.
	Titled bool `avro:"titled"`
	// Asks says that the change asks for a render of the page itself.
	Asks bool `avro:"asks"`
	// Version is [PageRow.Version] after the change; 0: written before v2.
	Version int64 `avro:"version" default:"0"`
	// AsOf and Timeless are those of the change's cascade: see [Cascade].
	AsOf     int64 `avro:"as_of" default:"0"`
	Timeless bool  `avro:"timeless" default:"false"`
	// Heard says that another page's change told of this one: what its own changes say goes before.
	Heard bool `avro:"heard" default:"false"`
	// Form is what a rendering depends on beside the text, as [events.Revision.Form] has it; empty: not said.
	Form string `avro:"form" default:"\"\""`
}

// Cascade is the cascade of the change at the page's own title.
func (l *Life) Cascade(wiki string) Cascade {
	c := NewCascade(l.Kind, l.Name.In(wiki), l.Event, l.DT, l.Rev)
	c.Prefix, c.AsOf, c.Timeless = l.Prefix, l.AsOf, l.Timeless
	return c
}

// Claim says that a page took a title or left it.
type Claim struct {
	Page  int64      `avro:"page_id"`
	Kind  ChangeKind `avro:"kind"`
	Event string     `avro:"event"`
	DT    int64      `avro:"dt"`
	Rev   int64      `avro:"rev_id"`
	// Open takes the title, or says something new of a page that has it; otherwise the page leaves the title.
	Open     bool  `avro:"open"`
	Redirect *Name `avro:"redirect"`
	// Prefix is that of the title, where the site info does not know it; else empty.
	Prefix string `avro:"prefix"`
	// Quiet claims and releases change the holder and start nothing.
	Quiet bool `avro:"quiet"`
	// Version is [PageRow.Version] after the change; 0: written before v2.
	Version int64 `avro:"version" default:"0"`
	// Was says that the page had been there before the change, as far as anybody knows by the same title.
	Was bool `avro:"was" default:"false"`
	// Behind is the redirect that the page left behind when it moved here; 0: none.
	Behind int64 `avro:"left_behind" default:"0"`
	// AsOf and Timeless are those of the change's cascade: see [Cascade].
	AsOf     int64 `avro:"as_of" default:"0"`
	Timeless bool  `avro:"timeless" default:"false"`
}

// TitleChange tells the dependents of a title who holds it now, and the cascade of the change, if it starts one.
type TitleChange struct {
	// Page is the page that took the title or left it by this change.
	Page int64 `avro:"page_id"`
	// Holder is the page that has the title now; 0: none.
	Holder int64    `avro:"holder"`
	Rev    int64    `avro:"holder_rev_id"`
	DT     int64    `avro:"dt"`
	Starts *Cascade `avro:"starts"`
	// Gained is the page that took the title by this change; 0: none did.
	Gained int64 `avro:"gained"`
	// Behind is the redirect that it left behind when it moved here; 0: none.
	Behind int64 `avro:"left_behind" default:"0"`
	// Was says that the page was found to have the title: nobody knows since when. Leads says that it is a redirect.
	Was   bool `avro:"was" default:"false"`
	Leads bool `avro:"leads" default:"false"`
}

// Used tells a page that others depend on what it includes.
type Used struct {
	// Start is the earliest start of a render that found such a dependence, Unix seconds.
	Start int64 `avro:"start"`
}
