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
}

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

// After reports whether c is newer than o: a greater (dt, rev_id). Of two equal ones neither is newer, nor of two of one
// second where one made no revision of its own: a delete or an undelete has one from before.
func (c Cascade) After(o Cascade) bool {
	return c.DT > o.DT || c.DT == o.DT && c.Rev > o.Rev && c.Kind.Revises() && o.Kind.Revises()
}

// CascadeHop is a cascade with the hops gone so far: a page asked with it has depth Depth.
type CascadeHop struct {
	Cascade Cascade `avro:"cascade"`
	Depth   int32   `avro:"depth"`
}
