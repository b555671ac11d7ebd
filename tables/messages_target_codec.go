package tables

import (
	"sync/atomic"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/schemas"
)

// targetUpdates is the codec of the messages of which there are most: each link that comes or goes is one.
func targetUpdates() codecs.Codec[*TargetUpdate] {
	const name = "TargetUpdate"
	return codecs.AvroBy(schemas.Format(name), schemas.Codec[*TargetUpdate](name), codecs.Layout[*TargetUpdate]{Append: appendTargetUpdate, Read: readTargetUpdate})
}

func appendTargetUpdate(dst []byte, u *TargetUpdate) ([]byte, bool) {
	if u == nil || u.Edge == nil || u.Change != nil {
		return dst, false
	}
	e := u.Edge
	dst = codecs.AppendLong(dst, 1)
	dst = codecs.AppendText(dst, e.Source)
	dst = codecs.AppendLong(dst, e.Page)
	dst = codecs.AppendLong(dst, e.Type)
	dst = codecs.AppendBool(dst, e.Present)
	dst = codecs.AppendLong(dst, e.Start)
	dst = codecs.AppendLong(dst, e.Saw)
	dst = codecs.AppendLong(dst, e.SawPage)
	dst = codecs.AppendLong(dst, e.SawRev)
	dst = codecs.AppendBool(dst, e.Direct)
	dst = codecs.AppendBool(dst, e.Self)
	dst = codecs.AppendBool(dst, e.Again)
	if e.Hub == nil {
		dst = codecs.AppendLong(dst, 0)
	} else {
		dst = appendName(codecs.AppendLong(dst, 1), e.Hub.Name)
		dst = codecs.AppendLong(dst, e.Hub.Start)
	}
	return codecs.AppendLong(dst, 0), true
}

func readTargetUpdate(r *codecs.Reader) (*TargetUpdate, bool) {
	if r.Branch(2) == 0 {
		return nil, false
	}
	u := &struct {
		TargetUpdate
		edge Edge
	}{}
	e := &u.edge
	u.Edge = e
	e.Source = sourceWikis.of(r.Bytes())
	e.Page = r.Long()
	e.Type = LinkType(r.Uint8())
	e.Present = r.Bool()
	e.Start = r.Long()
	e.Saw = Saw(r.Uint8())
	e.SawPage = r.Long()
	e.SawRev = r.Long()
	e.Direct = r.Bool()
	e.Self = r.Bool()
	e.Again = r.Bool()
	if r.Branch(2) == 1 {
		e.Hub = &HubEdge{Name: readName(r), Start: r.Long()}
	}
	return &u.TargetUpdate, r.Branch(2) == 0
}

func appendName(dst []byte, n Name) []byte {
	return codecs.AppendText(codecs.AppendLong(dst, n.Namespace), n.DBKey)
}

func readName(r *codecs.Reader) Name { return Name{Namespace: r.Int(), DBKey: r.Text()} }

// sameText makes one string of texts that are the same most of the time, such as the name of a wiki. It is safe for concurrent use.
type sameText struct{ last atomic.Pointer[string] }

func (s *sameText) of(text []byte) string {
	if last := s.last.Load(); last != nil && *last == string(text) {
		return *last
	}
	own := string(text)
	s.last.Store(&own)
	return own
}
