package tables

import (
	"cmp"
	"slices"
)

// LinksRow is what a page uses: the row of `eddy-links-table`. Links that it has no room for are in [LinksPart] rows.
type LinksRow struct {
	// The page's life, as its changes tell; Known is false until the first one comes, and the page counts as live.
	Known bool  `avro:"known"`
	Live  bool  `avro:"live"`
	Since int64 `avro:"since"` // start of the present life, Unix seconds; of a dead page, its death
	Name  Name  `avro:"name"`
	Rev   int64 `avro:"rev_id"`
	// Left is the title that the page's last move left; nil: none.
	Left *Name `avro:"left"`
	// Recheck says that the meaning of the page's own title has changed since its last rendering.
	Recheck bool `avro:"recheck"`
	// Redirect is where the page leads; it is the page's link of type redirect. RedirectRev is the revision that said so.
	Redirect    *Name  `avro:"redirect"`
	RedirectRev int64  `avro:"redirect_rev_id"`
	SHA1        string `avro:"content_sha1"`
	Form        string `avro:"form" default:"\"\""` // what a rendering depends on beside the text; empty: not said

	// Pending are the changes that no rendering has witnessed, in the order of the log; the newest [PendingChanges].
	Pending []PendingChange `avro:"pending"`
	// Announced is the transclusion hash that a witnessed change set last; empty: none.
	Announced string `avro:"announced"`
	// AnnouncedRev is the revision that others were told of before its own change came; 0: there is none.
	AnnouncedRev int64 `avro:"announced_rev_id" default:"0"`
	// StartedDT is the dt of the last change that started a cascade.
	StartedDT int64 `avro:"started_dt"`
	// Used says that dependents of this page's title depend on what it includes, UsedSince since when at the earliest.
	Used      bool  `avro:"used"`
	UsedSince int64 `avro:"used_since"`

	// Version is that of the page after the last change that was taken in: an older one is a repeat.
	Version int64 `avro:"version" default:"0"`
	// MaxRev is the greatest revision that a change named.
	MaxRev int64 `avro:"max_rev_id" default:"0"`
	// LifeRev is the revision with which the present life began, PastRev the greatest one of the lives before; 0: none is known.
	LifeRev int64 `avro:"life_rev_id" default:"0"`
	PastRev int64 `avro:"past_rev_id" default:"0"`

	// Render is the last rendering of the log, but for those of older revisions; nil: none yet. Its links count while [LinksRow.Active].
	Render *RenderState `avro:"render"`
	// Older is one of an older revision that came after it: if the page goes back to that revision, by an undelete that is on its way, it is the
	// page's; nil: none.
	Older *RenderState `avro:"older" default:"null"`
	// Recent are the events of renderings that came last; repeats of these are dropped. The newest [RenderEvents].
	Recent Recent `avro:"recent" default:"[]"`
}

// RenderEvents bounds [LinksRow.Recent].
const RenderEvents = 32

// PendingChanges bounds [LinksRow.Pending]. What is dropped counts as witnessed with the ones after it.
const PendingChanges = 64

// PendingChange is a change whose effect on others no rendering has shown yet.
type PendingChange struct {
	Event string     `avro:"event"`
	Kind  ChangeKind `avro:"kind"`
	DT    int64      `avro:"dt"`
	Rev   int64      `avro:"rev_id"`
	Name  Name       `avro:"name"` // the page's title then
	// Prefix is that of the name, where the site info does not know it; else empty.
	Prefix string `avro:"prefix"`
	// Starts says that the change starts a cascade when it is witnessed; otherwise its witness only sets the hash.
	Starts bool `avro:"starts"`
	// AsOf and Timeless are those of the change's cascade: see [Cascade].
	AsOf     int64 `avro:"as_of" default:"0"`
	Timeless bool  `avro:"timeless" default:"false"`
	// Reformed says that the change was not of the text alone: an equal hash does not cut it.
	Reformed bool `avro:"reformed" default:"false"`
}

// RenderState is one rendering, normalised: titles in their one spelling, lists sorted and without repeats.
type RenderState struct {
	Start  int64    `avro:"start"` // Unix seconds
	Rev    int64    `avro:"rev_id"`
	Direct bool     `avro:"direct"` // templates are those of the page's own text; otherwise of any depth
	Hash   string   `avro:"transclusion_sha1"`
	Seen   []string `avro:"seen"` // ids of the events with this start
	Links  []Link   `avro:"links"`
	// Parts are the names of the [LinksPart] rows that have the links, in order, where the row has no room for them.
	Parts []int64 `avro:"parts" default:"[]"`
}

// Link is one link of a rendering. Links are sorted by type, then target.
type Link struct {
	Type      LinkType `avro:"type"`
	Namespace int32    `avro:"namespace_id"` // of a title
	Text      string   `avro:"title"`        // title key, or the text of an external, language or interwiki link
	Page      int64    `avro:"page_id"`      // met at the title; 0: none, or unknown
	Rev       int64    `avro:"used_rev_id"`  // revision used; 0: unknown
	PageOnly  bool     `avro:"page_only"`    // only in the page's own view; changes end here
}

// Active reports whether the links of the last rendering are the page's links: it is alive, and the rendering shows a revision of its present
// life.
func (r *LinksRow) Active() bool {
	if r.Render == nil {
		return false
	}
	return !r.Known || r.Live && !r.Past(r.Render.Rev)
}

// Past reports whether a revision is of a former life and not of the present one: an undelete brings some revisions back, up to the one that it
// names, and those behind it stay deleted.
func (r *LinksRow) Past(rev int64) bool { return rev > r.LifeRev && rev <= r.PastRev }

// Outdated reports whether a rendering shows an older revision than the last one does, as far as is known.
func (r *LinksRow) Outdated(state *RenderState) bool {
	last := r.Render
	return last != nil && r.Known && state.Rev < last.Rev && last.Rev <= r.Rev && !r.Past(last.Rev)
}

// Repeats reports whether a rendering is older than the last one, which it came after: it began earlier, of no later revision, and has not seen what
// is newer. One that has, and has seen nothing that is older, or that shows a revision of the present life where the last one does not, is
// later, whatever its clock says. Clocks may be skew seconds apart.
func (r *LinksRow) Repeats(state *RenderState, skew int64) bool {
	last := r.Render
	if last == nil || state.Start >= last.Start-skew || state.Rev > last.Rev && !r.Past(state.Rev) || r.Past(last.Rev) && !r.Past(state.Rev) {
		return false
	}
	newer, older := false, false
	for _, l := range state.Links {
		i, found := slices.BinarySearchFunc(last.Links, l, Link.Compare)
		if !found || l.Rev == 0 || last.Links[i].Rev == 0 || l.Page != last.Links[i].Page {
			continue
		}
		newer = newer || l.Rev > last.Links[i].Rev
		older = older || l.Rev < last.Links[i].Rev
	}
	return !newer || older
}

// Compare orders the links of a rendering: by type, then target.
func (l Link) Compare(o Link) int {
	return cmp.Or(cmp.Compare(l.Type, o.Type), cmp.Compare(l.Namespace, o.Namespace), cmp.Compare(l.Text, o.Text))
}

// Lives takes in whether the page is alive after a change to a revision.
func (r *LinksRow) Lives(live, undeleted bool, rev int64) {
	switch {
	case r.Known && r.Live && !live:
		r.PastRev = max(r.PastRev, r.Rev, rev)
	case live && (undeleted || !r.Live):
		r.LifeRev = rev
	}
	r.Known, r.Live, r.Rev, r.MaxRev = true, live, rev, max(r.MaxRev, r.Rev, rev)
	if older := r.Older; older != nil && (live && older.Rev == rev || r.Past(r.Render.Rev) && !r.Past(older.Rev)) {
		r.Render, r.Older = r.Older, nil
	}
}

// Target returns the target of l on wiki.
func (l Link) Target(wiki string) Target {
	switch l.Type {
	case LinkExternal:
		return ExternalTarget(wiki, l.Text)
	case LinkLang:
		return LangTarget(wiki, l.Text)
	case LinkInterwiki:
		return Target{Wiki: wiki, Kind: TargetInterwiki, Text: l.Text}
	default:
		return TitleTarget(Title{Wiki: wiki, Namespace: l.Namespace, DBKey: l.Text})
	}
}
