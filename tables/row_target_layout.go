package tables

import (
	"bytes"

	"github.com/eddystream/eddy/codecs"
)

// dependentsLayout writes and reads rows of dependents by hand: each link that comes or goes changes one. It leaves rows with visits of a release before out.
var dependentsLayout = codecs.Layout[*DependentsRow]{
	Append: func(dst []byte, row *DependentsRow) ([]byte, bool) {
		if row.Target == nil {
			dst = codecs.AppendLong(dst, 0)
		} else {
			dst = appendTarget(codecs.AppendLong(dst, 1), row.Target)
		}
		if row.Chunk == nil || row.Target != nil {
			dst = codecs.AppendLong(dst, 0)
		} else {
			dst = appendEdges(codecs.AppendLong(dst, 1), &row.Chunk.Edges)
		}
		return codecs.AppendText(dst, row.Parts), true
	},
	Read: func(r *codecs.Reader) (*DependentsRow, bool) {
		row := &DependentsRow{}
		if r.Branch(2) == 1 {
			var ok bool
			if row.Target, ok = readTarget(r); !ok {
				return nil, false
			}
		}
		if r.Branch(2) == 1 {
			row.Chunk = &ChunkRow{Edges: readEdges(r)}
		}
		row.Parts = Bits(bytes.Clone(r.Bytes()))
		return row, true
	},
}

func appendTarget(dst []byte, t *TargetRow) []byte {
	dst = codecs.AppendLong(dst, t.Holder)
	dst = codecs.AppendLong(dst, t.HolderDT)
	dst = codecs.AppendLong(dst, t.Left.Page)
	dst = codecs.AppendLong(dst, t.Left.DT)
	dst = codecs.AppendItems(dst, t.Own, func(dst []byte, o *OwnLink) []byte {
		return codecs.AppendLong(codecs.AppendLong(codecs.AppendLong(dst, o.Page), o.Type), o.Start)
	})
	dst = codecs.AppendLong(dst, t.Met.State)
	dst = codecs.AppendLong(dst, t.Met.Page)
	dst = codecs.AppendLong(dst, t.Met.Rev)
	dst = codecs.AppendLong(dst, t.Latest.Start)
	dst = codecs.AppendLong(dst, t.Latest.Page)
	dst = codecs.AppendLong(dst, t.Latest.Rev)
	dst = codecs.AppendLong(dst, t.UsedSince)
	dst = codecs.AppendBool(dst, t.Direct)
	dst = codecs.AppendLong(dst, t.Told.Page)
	dst = codecs.AppendLong(dst, t.Told.Start)
	dst = codecs.AppendLong(dst, t.Roots)
	dst = codecs.AppendLong(dst, t.Passed)
	dst = codecs.AppendLong(dst, 0) // waves
	dst = codecs.AppendItems(dst, t.Sources, appendSource)
	return codecs.AppendItems(dst, t.Visits, appendVisit)
}

func readTarget(r *codecs.Reader) (*TargetRow, bool) {
	t := &TargetRow{
		Holder: r.Long(), HolderDT: r.Long(), Left: Leaver{Page: r.Long(), DT: r.Long()},
		Own: codecs.Items(r, func(o *OwnLink) { *o = OwnLink{Page: r.Long(), Type: LinkType(r.Uint8()), Start: r.Long()} }),
		Met: Met{State: MetState(r.Uint8()), Page: r.Long(), Rev: r.Long()}, Latest: Sighting{Start: r.Long(), Page: r.Long(), Rev: r.Long()},
		UsedSince: r.Long(), Direct: r.Bool(), Told: Told{Page: r.Long(), Start: r.Long()}, Roots: r.Long(), Passed: r.Long(),
	}
	if r.Block() != 0 {
		return nil, false
	}
	t.Sources = codecs.Items(r, func(s *SourceEdges) { readSource(r, s) })
	t.Visits = codecs.Items(r, func(w *Visit) { readVisit(r, w) })
	if !t.Direct {
		for i := range t.Sources {
			t.Sources[i].Edges.NobodyDirect() // what a release before did not say of each, it said of the row
		}
	}
	return t, true
}

func appendSource(dst []byte, s *SourceEdges) []byte {
	dst = appendEdges(codecs.AppendText(dst, s.Wiki), &s.Edges)
	dst = appendIDs(codecs.AppendLong(dst, s.Width), s.Chunks)
	return codecs.AppendItems(codecs.AppendText(dst, s.Parts), s.Pending, appendChunkEdge)
}

func readSource(r *codecs.Reader, s *SourceEdges) {
	*s = SourceEdges{
		Wiki: sourceWikis.of(r.Bytes()), Edges: readEdges(r), Width: r.Uint8(), Chunks: readIDs(r), Parts: Bits(bytes.Clone(r.Bytes())),
		Pending: codecs.Items(r, func(e *ChunkEdge) { readChunkEdge(r, e) }),
	}
}

// sourceWikis are the names of wikis that rows and messages have.
var sourceWikis sameText

func appendEdges(dst []byte, e *Edges) []byte {
	dst = codecs.AppendItems(dst, e.users, func(dst []byte, u *typedUsers) []byte {
		dst = appendIDs(codecs.AppendLong(dst, u.typ), u.ids)
		switch {
		case !u.typ.countsDirect() || u.direct.all:
			return codecs.AppendLong(dst, 0)
		case len(u.direct.ids) == 0:
			return codecs.AppendText(dst, []byte{directNone})
		}
		return appendIDs(dst, u.direct.ids)
	})
	return codecs.AppendItems(dst, e.Hubs, func(dst []byte, h *Hub) []byte {
		return appendName(codecs.AppendLong(codecs.AppendLong(dst, h.Page), h.Type), h.Name)
	})
}

func readEdges(r *codecs.Reader) (e Edges) {
	for n := r.Block(); n > 0; n = r.Block() {
		for range n {
			record := setRecord{Type: LinkType(r.Uint8()), IDs: r.Bytes(), Direct: r.Bytes()}
			if err := e.take(&record, n); err != nil {
				r.Fail(err)
			}
			if r.Err() != nil {
				return Edges{}
			}
		}
	}
	e.Hubs = codecs.Items(r, func(h *Hub) { *h = Hub{Page: r.Long(), Type: LinkType(r.Uint8()), Name: readName(r)} })
	return e
}

func appendChunkEdge(dst []byte, e *ChunkEdge) []byte {
	dst = codecs.AppendBool(codecs.AppendLong(codecs.AppendLong(dst, e.Page), e.Type), e.Present)
	if e.Hub == nil {
		dst = codecs.AppendLong(dst, 0)
	} else {
		dst = appendName(codecs.AppendLong(dst, 1), *e.Hub)
	}
	return codecs.AppendBool(dst, e.Direct)
}

func readChunkEdge(r *codecs.Reader, e *ChunkEdge) {
	*e = ChunkEdge{Page: r.Long(), Type: LinkType(r.Uint8()), Present: r.Bool()}
	if r.Branch(2) == 1 {
		name := readName(r)
		e.Hub = &name
	}
	e.Direct = r.Bool()
}

func appendVisit(dst []byte, w *Visit) []byte {
	v := w.record()
	dst = codecs.AppendLong(codecs.AppendText(dst, v.Cascade), v.Kind)
	dst = codecs.AppendText(codecs.AppendText(codecs.AppendText(dst, v.Name), v.Root), v.Prefix)
	dst = codecs.AppendLong(codecs.AppendLong(codecs.AppendLong(codecs.AppendLong(dst, v.DT), v.Rev), v.AsOf), v.Order)
	dst = codecs.AppendLong(codecs.AppendBool(dst, v.Timeless), v.Depth)
	dst = codecs.AppendLong(codecs.AppendLong(codecs.AppendLong(dst, v.Types), v.Taken), v.At)
	dst = codecs.AppendLong(codecs.AppendLong(codecs.AppendLong(dst, v.Page), v.Holder), v.Latest)
	return codecs.AppendText(dst, v.Short)
}

func readVisit(r *codecs.Reader, w *Visit) {
	v := visitRecord{
		Cascade: r.Bytes(), Kind: r.Uint8(), Name: r.Text(), Root: r.Text(), Prefix: r.Text(),
		DT: r.Long(), Rev: r.Long(), AsOf: r.Long(), Order: r.Long(), Timeless: r.Bool(), Depth: r.Int(),
		Types: LinkTypes(r.Uint16()), Taken: LinkTypes(r.Uint16()), At: r.Long(), Page: r.Long(), Holder: r.Long(), Latest: r.Long(), Short: r.Bytes(),
	}
	var err error
	if *w, err = v.visit(); err != nil {
		r.Fail(err)
	}
}

// appendIDs appends an encoded set as Avro bytes.
func appendIDs(dst []byte, s IDSet) []byte {
	var short [128]byte
	return codecs.AppendText(dst, AppendIDSet(short[:0], s))
}

func readIDs(r *codecs.Reader) IDSet {
	s, err := DecodeIDSet(r.Bytes())
	if err != nil {
		r.Fail(err)
	}
	return s
}
