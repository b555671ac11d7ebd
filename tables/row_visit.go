package tables

import (
	"encoding/binary"
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
	Root     string    `avro:"root"` // wiki:namespace:title; empty: the row's title
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
	Holder   int64     `avro:"holder"`        // of the cascade, less Page: most often they are one
	Latest   int64     `avro:"latest_rev_id"` // of the cascade
	Short    []byte    `avro:"short"`         // Beyond, Once and Twice, two bytes each; empty: none
}

// changeKinds are the kinds of change by their numbers, which stay as they are.
var changeKinds = [...]ChangeKind{
	1: ChangeCreate, ChangeDelete, ChangeUndelete, ChangeMove, ChangeRedirect, ChangeContent, ChangeFile, ChangeVisibility,
}

var errKind = errors.New("no kind of change")

func (w *Visit) record() visitRecord {
	c := &w.Hop.Cascade
	r := visitRecord{
		Cascade: packID(c.ID), Prefix: c.Prefix,
		DT: c.DT, Rev: c.Rev, AsOf: c.AsOf, Order: c.Order, Timeless: c.Timeless, Depth: w.Hop.Depth,
		Types: w.Types, Taken: w.Taken, At: w.At, Page: w.Page,
		Holder: c.Page - w.Page, Latest: c.Latest,
	}
	if w.Beyond|w.Once|w.Twice != 0 {
		for _, types := range [...]LinkTypes{w.Beyond, w.Once, w.Twice} {
			r.Short = binary.BigEndian.AppendUint16(r.Short, uint16(types))
		}
	}
	if kind := slices.Index(changeKinds[:], c.Kind); kind > 0 {
		r.Kind = uint8(kind)
	} else {
		r.Name = string(c.Kind)
	}
	if !w.own {
		r.Root = TitleTarget(c.RootTitle()).String()
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
			ID: unpackID(r.Cascade), Kind: kind, Prefix: r.Prefix,
			DT: r.DT, Rev: r.Rev, AsOf: r.AsOf, Order: r.Order, Timeless: r.Timeless,
			Page: r.Page + r.Holder, Latest: r.Latest,
		}},
		Types: r.Types, Taken: r.Taken, At: r.At, Page: r.Page, own: r.Root == "",
	}
	if !w.own {
		root, why := parseTarget(r.Root)
		if why != "" {
			return Visit{}, keyError("root", r.Root, why)
		}
		w.Hop.Cascade.Wiki, w.Hop.Cascade.Root = root.Wiki, Name{Namespace: root.Namespace, DBKey: root.Text}
	}
	if len(r.Short) == 6 {
		for i, types := range []*LinkTypes{&w.Beyond, &w.Once, &w.Twice} {
			*types = LinkTypes(binary.BigEndian.Uint16(r.Short[2*i:]))
		}
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
