package tables

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/codecs/codectest"
	"github.com/eddystream/eddy/tables/schemas"
)

func drawUpdate(t *rapid.T) *TargetUpdate {
	text := func(label string) string { return rapid.String().Draw(t, label) }
	number := func(label string) int64 { return rapid.Int64().Draw(t, label) }
	is := func(label string) bool { return rapid.Bool().Draw(t, label) }
	u := &TargetUpdate{}
	if !is("change only") {
		u.Edge = &Edge{
			Source: text("wiki"), Page: number("page"), Type: LinkType(rapid.Byte().Draw(t, "type")), Present: is("present"), Start: number("start"),
			Saw: Saw(rapid.Byte().Draw(t, "saw")), SawPage: number("saw page"), SawRev: number("saw rev"), Direct: is("direct"), Self: is("self"), Again: is("again"),
		}
		if is("hub") {
			u.Edge.Hub = &HubEdge{Name: Name{Namespace: rapid.Int32().Draw(t, "namespace"), DBKey: text("title")}, Start: number("hub start")}
		}
	}
	if is("change") {
		u.Change = &ContentChange{Cascade: NewCascade(ChangeContent, Title{Wiki: "enwiki", DBKey: text("root")}, "e", number("dt"), 7), Page: number("changed"), Types: 3}
	}
	return u
}

// What a layout writes and reads is what the schema does.
func TestTargetUpdatesAreAvro(t *testing.T) {
	t.Parallel()
	quick, avro := targetUpdates(), schemas.Codec[*TargetUpdate]("TargetUpdate")
	rapid.Check(t, func(t *rapid.T) { sameCodec(t, quick, avro, drawUpdate(t)) })
}

func sameCodec[T any](t *rapid.T, quick, avro codecs.Codec[T], value T) {
	t.Helper()
	got, err := quick.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	want, err := avro.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("encoded as\n%x, want\n%x", got, want)
	}
	codectest.SameRead(t, quick, avro, want)
	for range 4 {
		codectest.SameReadDamaged(t, quick, avro, want)
	}
}

func FuzzTargetUpdates(f *testing.F) {
	quick, avro := targetUpdates(), schemas.Codec[*TargetUpdate]("TargetUpdate")
	for _, u := range []*TargetUpdate{{Edge: &Edge{Source: "enwiki", Page: 7, Hub: &HubEdge{}}}, {Change: &ContentChange{}}} {
		data, err := quick.Encode(u)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { codectest.SameRead(t, quick, avro, data) })
}

func BenchmarkTargetUpdates(b *testing.B) {
	u := &TargetUpdate{Edge: &Edge{Source: "enwiki", Page: 123456, Present: true, Start: 1_767_225_600, Saw: SawPage, SawPage: 4567, SawRev: 123_456_789, Direct: true}}
	codectest.Bench(b, u, map[string]codecs.Codec[*TargetUpdate]{"layout": targetUpdates(), "schema": schemas.Codec[*TargetUpdate]("TargetUpdate")})
}
