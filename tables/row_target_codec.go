package tables

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/schemas"
)

// The rows of dependents as they are stored: id sets in their shortest layout.
type (
	dependentsRecord struct {
		Target *targetRecord `avro:"target"`
		Chunk  *edgesRecord  `avro:"chunk"`
		Parts  Bits          `avro:"parts" default:"\"\""`
	}
	targetRecord struct {
		Holder    int64          `avro:"holder"`
		HolderDT  int64          `avro:"holder_dt"`
		Left      Leaver         `avro:"left"`
		Own       []OwnLink      `avro:"own"`
		Met       Met            `avro:"met"`
		Latest    Sighting       `avro:"latest" default:"{\"start\":0,\"page_id\":0,\"rev_id\":0}"`
		UsedSince int64          `avro:"used_since"`
		Direct    bool           `avro:"direct"`
		Told      Told           `avro:"told"`
		Roots     int64          `avro:"roots" default:"0"`
		Passed    int64          `avro:"passed"`
		Waves     []Visit        `avro:"waves"` // as releases before write them
		Sources   []sourceRecord `avro:"sources"`
		Visits    []visitRecord  `avro:"visits" default:"[]"`
	}
	sourceRecord struct {
		Wiki    string      `avro:"wiki_id"`
		Edges   edgesRecord `avro:"edges"`
		Width   uint8       `avro:"width"`
		Chunks  []byte      `avro:"chunks"`
		Parts   Bits        `avro:"parts" default:"\"\""`
		Pending []ChunkEdge `avro:"pending"`
	}
	edgesRecord struct {
		Sets []setRecord `avro:"sets"`
		Hubs []Hub       `avro:"hubs"`
	}
	setRecord struct {
		Type LinkType `avro:"type"`
		IDs  []byte   `avro:"ids"`
		// Direct are those of them that list only what their own text names: a set, or directNone; empty: all do, or nobody
		// knows, as of a release before.
		Direct []byte `avro:"direct" default:"\"\""`
	}
)

// directNone is no encoded set: the first byte of those is smaller.
const directNone = 2

// DependentsRows is the codec of the rows of `eddy-dependents-table`.
func DependentsRows() codecs.Codec[*DependentsRow] {
	const name = "DependentsRow"
	return codecs.AvroBy(schemas.Format(name), dependentsCodec(schemas.Codec[*dependentsRecord](name)), dependentsLayout)
}

func dependentsCodec(records codecs.Codec[*dependentsRecord]) codecs.Codec[*DependentsRow] {
	c := dependentsRows{records: records}
	data, err := c.records.Encode(&dependentsRecord{Target: &targetRecord{Visits: []visitRecord{{}}}})
	if err == nil {
		r, err := c.records.Decode(data)
		c.before = err == nil && (r.Target == nil || len(r.Target.Visits) == 0)
	}
	return c
}

type dependentsRows struct {
	records codecs.Codec[*dependentsRecord]
	before  bool // rows are written as by a release that knows no short visits
}

func (c dependentsRows) Encode(row *DependentsRow) ([]byte, error) {
	r := dependentsRecord{Parts: row.Parts}
	switch {
	case row.Target != nil:
		t := row.Target
		r.Target = &targetRecord{
			Holder: t.Holder, HolderDT: t.HolderDT, Left: t.Left, Own: t.Own, Met: t.Met, Latest: t.Latest, UsedSince: t.UsedSince, Direct: t.Direct, Told: t.Told, Roots: t.Roots, Passed: t.Passed,
			Sources: make([]sourceRecord, len(t.Sources)),
		}
		if c.before {
			r.Target.Waves = t.Visits
		} else if len(t.Visits) > 0 {
			r.Target.Visits = make([]visitRecord, len(t.Visits))
			for i := range t.Visits {
				r.Target.Visits[i] = t.Visits[i].record()
			}
		}
		for i, s := range t.Sources {
			r.Target.Sources[i] = sourceRecord{
				Wiki: s.Wiki, Edges: s.Edges.record(), Width: s.Width, Chunks: AppendIDSet(nil, s.Chunks), Parts: s.Parts, Pending: s.Pending,
			}
		}
	case row.Chunk != nil:
		e := row.Chunk.Edges.record()
		r.Chunk = &e
	}
	return c.records.Encode(&r)
}

func (c dependentsRows) Decode(data []byte) (*DependentsRow, error) {
	r, err := c.records.Decode(data)
	if err != nil {
		return nil, err
	}
	row := &DependentsRow{Parts: r.Parts}
	if r.Chunk != nil {
		row.Chunk = &ChunkRow{}
		if row.Chunk.Edges, err = r.Chunk.edges(); err != nil {
			return nil, err
		}
	}
	if r.Target != nil {
		if row.Target, err = r.Target.row(); err != nil {
			return nil, err
		}
	}
	return row, nil
}

func (t *targetRecord) row() (row *TargetRow, err error) {
	row = &TargetRow{
		Holder: t.Holder, HolderDT: t.HolderDT, Left: t.Left, Own: t.Own, Met: t.Met, Latest: t.Latest, UsedSince: t.UsedSince, Direct: t.Direct, Told: t.Told, Roots: t.Roots, Passed: t.Passed, Visits: t.Waves,
		Sources: make([]SourceEdges, len(t.Sources)),
	}
	for i := range row.Visits {
		row.Visits[i].upgrade()
	}
	if len(t.Visits) > 0 {
		row.Visits = make([]Visit, len(t.Visits))
	}
	for i := range t.Visits {
		if row.Visits[i], err = t.Visits[i].visit(); err != nil {
			return nil, err
		}
	}
	for i, s := range t.Sources {
		to := &row.Sources[i]
		to.Wiki, to.Width, to.Parts, to.Pending = s.Wiki, s.Width, s.Parts, s.Pending
		if to.Edges, err = s.Edges.edges(); err != nil {
			return nil, err
		}
		if !t.Direct {
			to.Edges.NobodyDirect() // what a release before did not say of each, it said of the row
		}
		if to.Chunks, err = DecodeIDSet(s.Chunks); err != nil {
			return nil, fmt.Errorf("chunks: %w", err)
		}
	}
	return row, nil
}

func (e *Edges) record() edgesRecord {
	r := edgesRecord{Hubs: e.Hubs, Sets: make([]setRecord, len(e.users))}
	for i := range e.users {
		u := &e.users[i]
		record := &r.Sets[i]
		record.Type, record.IDs = u.typ, AppendIDSet(nil, u.ids)
		if u.typ.countsDirect() && !u.direct.all {
			if record.Direct = AppendIDSet(nil, u.direct.ids); len(record.Direct) == 0 {
				record.Direct = []byte{directNone}
			}
		}
	}
	return r
}

func (r *edgesRecord) edges() (e Edges, err error) {
	e.Hubs = r.Hubs
	for i := range r.Sets {
		if err := e.take(&r.Sets[i], len(r.Sets)); err != nil {
			return e, err
		}
	}
	return e, nil
}

// take adds the links of a type, one of several.
func (e *Edges) take(s *setRecord, several int) error {
	if int(s.Type) >= NumLinkTypes {
		return fmt.Errorf("%w: link type %d", ErrIDSet, s.Type)
	}
	ids, err := DecodeIDSet(s.IDs)
	if err != nil {
		return fmt.Errorf("%s links: %w", s.Type, err)
	}
	if len(ids) == 0 {
		return nil
	}
	if e.users == nil {
		e.users = make([]typedUsers, 0, min(several, NumLinkTypes))
	}
	u := e.with(s.Type)
	u.ids, u.direct = ids, directUsers{}
	switch {
	case !s.Type.countsDirect():
	case len(s.Direct) == 0:
		u.direct.all = true
	case s.Direct[0] != directNone:
		if u.direct.ids, err = DecodeIDSet(s.Direct); err != nil {
			return fmt.Errorf("direct %s links: %w", s.Type, err)
		}
	}
	return nil
}
