package documents

import "github.com/eddystream/eddy/tables"

// Cascade is how far a cascade has come. It leaves out what depends on when things came: which of the pages asked for
// were so after the end.
type Cascade struct {
	ID          tables.CascadeID  `json:"id"`
	Kind        tables.ChangeKind `json:"kind"`
	WikiID      string            `json:"wiki_id"`
	Root        Titled            `json:"root"`
	DT          string            `json:"dt"`
	Phase       tables.Phase      `json:"phase"`
	Asked       int64             `json:"asked"`
	Outstanding int64             `json:"outstanding"`
	Abandoned   int64             `json:"abandoned"`
}

// Cascade makes the document of a cascade.
func (w Writer) Cascade(row *tables.CascadeRow) (*Cascade, error) {
	root, err := w.Root(&row.Cascade)
	if err != nil {
		return nil, err
	}
	return &Cascade{
		ID: row.Cascade.ID, Kind: row.Cascade.Kind, WikiID: row.Cascade.Wiki, Root: root, DT: instant(row.Cascade.DT),
		Phase: row.Phase, Asked: row.Asked, Outstanding: row.Outstanding, Abandoned: row.Abandoned,
	}, nil
}

// Root spells the title that a cascade's change was of.
func (w Writer) Root(c *tables.Cascade) (Titled, error) { return w.with(c.Prefix, c.RootTitle()) }
