package tables

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// visitRecord is a [Visit] as it is stored. Nearly each title has one, so it is short: the id of its cascade are the eight bytes that the digits stand for,
// the kind of change is a number, and the root of a cascade of this very title is left out.
type visitRecord struct {
	Cascade  []byte    `avro:"cascade"`
	Kind     uint8     `avro:"kind"` // its place in changeKinds; 0: Name
	Name     string    `avro:"kind_name"`
	Own      bool      `avro:"own"` // the root is the row's title
	Wiki     string    `avro:"wiki_id"`
	Root     Name      `avro:"root"`
	Prefix   string    `avro:"prefix"`
	DT       int64     `avro:"dt"`
	Rev      int64     `avro:"rev_id"`
	AsOf     int64     `avro:"as_of"`
	Order    int64     `avro:"order"`
	Timeless bool      `avro:"timeless"`
	Depth    int32     `avro:"depth"`
	Types    LinkTypes `avro:"types"`
	Taken    LinkTypes `avro:"taken"`
	At       int64     `avro:"at"`
	Page     int64     `avro:"page_id"`
	Beyond   LinkTypes `avro:"beyond"`
	Once     LinkTypes `avro:"once"`
	Twice    LinkTypes `avro:"twice"`
}

// changeKinds are the kinds of change by their numbers, which stay as they are.
var changeKinds = [...]ChangeKind{
	1: ChangeCreate, ChangeDelete, ChangeUndelete, ChangeMove, ChangeRedirect, ChangeContent, ChangeFile, ChangeVisibility,
}

var errKind = errors.New("no kind of change")

func (w *Visit) record() visitRecord {
	c := &w.Hop.Cascade
	r := visitRecord{
		Cascade: packID(c.ID), Own: w.own, Prefix: c.Prefix,
		DT: c.DT, Rev: c.Rev, AsOf: c.AsOf, Order: c.Order, Timeless: c.Timeless, Depth: w.Hop.Depth,
		Types: w.Types, Taken: w.Taken, At: w.At, Page: w.Page, Beyond: w.Beyond, Once: w.Once, Twice: w.Twice,
	}
	if kind := slices.Index(changeKinds[:], c.Kind); kind > 0 {
		r.Kind = uint8(kind)
	} else {
		r.Name = string(c.Kind)
	}
	if !w.own {
		r.Wiki, r.Root = c.Wiki, c.Root
	}
	return r
}

// visit is the visit; of one whose root is the row's title, without that: see [TargetRow.Belongs].
func (r *visitRecord) visit() (Visit, error) {
	if int(r.Kind) >= len(changeKinds) {
		return Visit{}, fmt.Errorf("%w: %d", errKind, r.Kind)
	}
	kind := changeKinds[r.Kind]
	if r.Kind == 0 {
		kind = ChangeKind(r.Name)
	}
	w := Visit{
		Hop: CascadeHop{Depth: r.Depth, Cascade: Cascade{
			ID: unpackID(r.Cascade), Kind: kind, Wiki: r.Wiki, Root: r.Root, Prefix: r.Prefix,
			DT: r.DT, Rev: r.Rev, AsOf: r.AsOf, Order: r.Order, Timeless: r.Timeless,
		}},
		Types: r.Types, Taken: r.Taken, At: r.At, Page: r.Page, Beyond: r.Beyond, Once: r.Once, Twice: r.Twice, own: r.Own,
	}
	w.Redirected = w.byRedirect()
	return w, nil
}

// Belongs tells the row whose it is, before anything else is asked of one that was read: a stored visit does not repeat that.
func (r *TargetRow) Belongs(key Target) {
	for i := range r.Visits {
		if w := &r.Visits[i]; w.own && w.Hop.Cascade.Wiki == "" {
			w.Hop.Cascade.Wiki, w.Hop.Cascade.Root = key.Wiki, Name{Namespace: key.Namespace, DBKey: key.Text}
		}
	}
}

// packID is an id in eight bytes; one that is no id, which there is in no release, is behind a zero byte.
func packID(id CascadeID) []byte {
	if _, err := ParseCascadeID(string(id)); err == nil {
		var raw [8]byte
		if _, err := hex.Decode(raw[:], []byte(id)); err == nil {
			return raw[:]
		}
	}
	return append([]byte{0}, id...)
}

func unpackID(data []byte) CascadeID {
	switch len(data) {
	case 0:
		return ""
	case 8:
		return CascadeID(hex.EncodeToString(data))
	}
	return CascadeID(data[1:])
}
