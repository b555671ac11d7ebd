package tables

import "cmp"

// ChangeKind is what happened to the root of a cascade.
type ChangeKind string

// The kinds of change. ChangeCreate, ChangeDelete, ChangeUndelete and ChangeMove are a title gaining or losing its
// page; ChangeRedirect is a redirect set, retargeted or removed by an edit; ChangeContent is new text; ChangeFile is a
// new revision of a file's page.
const (
	ChangeCreate   ChangeKind = "create"
	ChangeDelete   ChangeKind = "delete"
	ChangeUndelete ChangeKind = "undelete"
	ChangeMove     ChangeKind = "move"
	ChangeRedirect ChangeKind = "redirect"
	ChangeContent  ChangeKind = "content"
	ChangeFile     ChangeKind = "file"
	// ChangeVisibility hides or shows a revision; it starts no cascade.
	ChangeVisibility ChangeKind = "visibility"
)

// Revises reports whether a change of the kind makes a revision, whose id is then greater than those before it.
func (k ChangeKind) Revises() bool {
	return k != ChangeDelete && k != ChangeUndelete && k != ChangeVisibility
}

// Name is a title inside a wiki that the context names.
type Name struct {
	Namespace int32  `avro:"namespace_id"`
	DBKey     string `avro:"title"`
}

// In returns the title of n in wiki.
func (n Name) In(wiki string) Title {
	return Title{Wiki: wiki, Namespace: n.Namespace, DBKey: n.DBKey}
}

// NameOf returns t without its wiki.
func NameOf(t Title) Name {
	return Name{Namespace: t.Namespace, DBKey: t.DBKey}
}

// Compare orders names by namespace, then key.
func (n Name) Compare(o Name) int {
	if c := cmp.Compare(n.Namespace, o.Namespace); c != 0 {
		return c
	}
	return cmp.Compare(n.DBKey, o.DBKey)
}

// Cascade is one change and what every message of its cascade says of it. Times are Unix seconds: events have no
// finer resolution, and whatever falls into one second counts as simultaneous.
type Cascade struct {
	ID   CascadeID  `avro:"id"`
	Kind ChangeKind `avro:"kind"`
	Wiki string     `avro:"wiki_id"`
	Root Name       `avro:"root"`
	// Prefix is what the wiki calls the root's namespace, where its site info does not say so; else empty.
	Prefix string `avro:"prefix"`
	DT     int64  `avro:"dt"`
	Rev    int64  `avro:"rev_id"`
	// AsOf is when what is to be seen was there at the latest, where that is later than DT: a rendering of a later revision was the witness, or an
	// earlier change of the root has a later time. 0: the DT.
	AsOf int64 `avro:"as_of" default:"0"`
	// Order numbers the changes of the root as they came to its row; 0: not yet.
	Order int64 `avro:"order" default:"0"`
	// Timeless says that the change is later than its time: no rendering's time tells whether it shows it.
	Timeless bool `avro:"timeless" default:"false"`
	// Page is who had the root's title after the change, with Rev as its revision; 0: not known, or another page has the title; [NoPage]: nobody has.
	Page int64 `avro:"page_id" default:"0"`
	// Latest is the revision of the page that is to be seen, where it is later than Rev: that of a later change that came to the root before. 0: Rev.
	Latest int64 `avro:"latest_rev_id" default:"0"`
}

// NoPage is [Cascade.Page] of a title that has no page.
const NoPage = -1

// Moment is what a rendering has to have begun after, for all that its time can tell, to show the change.
func (c Cascade) Moment() int64 { return max(c.DT, c.AsOf) }

// NewCascade returns the cascade of the change event at root, without a prefix. Its id is a function of wiki, root and event only, so
// a replay names it alike.
func NewCascade(kind ChangeKind, root Title, event string, dt, rev int64) Cascade {
	return Cascade{
		ID: NewCascadeID(root.Wiki, root, event), Kind: kind,
		Wiki: root.Wiki, Root: NameOf(root), DT: dt, Rev: rev,
	}
}

// RootTitle returns the title that changed.
func (c Cascade) RootTitle() Title { return c.Root.In(c.Wiki) }

// SameRoot reports whether both changed one title.
func (c Cascade) SameRoot(o Cascade) bool { return c.Wiki == o.Wiki && c.Root == o.Root }

// After reports whether c came to the root after o, and takes over from it: what it asks for, o need not ask for. One that is timeless may have come
// behind a later one by a longer way, and takes over from none.
func (c Cascade) After(o Cascade) bool { return c.Order > o.Order && !c.Timeless }

// CascadeHop is a cascade with the hops gone so far: a page asked with it has depth Depth.
type CascadeHop struct {
	Cascade Cascade `avro:"cascade"`
	Depth   int32   `avro:"depth"`
}
