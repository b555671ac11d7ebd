package tables

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
)

// sample is a value of a row or message type, and its codec, of any.
type sample struct {
	schema string // the type's name
	name   string
	value  any
	codec  anyCodec
}

// anyCodec is a codec whose type is known at run time only.
type anyCodec struct {
	encode func(value any) ([]byte, error)
	decode func(data []byte) (any, error)
}

func erase[T any](c codecs.Codec[T]) anyCodec {
	return anyCodec{
		encode: func(value any) ([]byte, error) { return c.Encode(value.(T)) },
		decode: func(data []byte) (any, error) { return c.Decode(data) },
	}
}

// samples are values of every row and message that Eddy writes in Avro.
func samples() []sample {
	return slices.Concat(
		of("PageRow", PageRows),
		of("TitleRow", TitleRows),
		of("LinksRow", LinksRows),
		of("LinksPart", LinksPartRows),
		of("RequestRow", RequestRows),
		of("CascadeRow", CascadeRows),
		of("CascadePart", CascadePartRows),
		of("RequestPart", RequestPartRows),
		of("DependentsStep", DependentsSteps),
		of("Life", Lives.ValueCodec()),
		of("Claim", Claims.ValueCodec()),
		of("TitleChange", TitleChanges.ValueCodec()),
		of("TargetUpdate", TargetUpdates.ValueCodec()),
		of("Used", Uses.ValueCodec()),
		of("Ask", Asks.ValueCodec()),
		of("Progress", CascadeProgress.ValueCodec()),
		of("RequestClosing", RequestClosings.ValueCodec()),
		of("Request", RerenderRequests.ValueCodec()),
		of("CascadeEvent", CascadeEvents.ValueCodec()),
		of("LinkChange", LinkChanges.ValueCodec()),
		dependentsSamples(),
		renderSamples(),
	)
}

// of makes three values of a type: one with all its fields set, one with none, one with the greatest and longest.
func of[T any](schema string, c codecs.Codec[T]) []sample {
	var set, zero, extreme T
	(&filler{}).fill(reflect.ValueOf(&set).Elem())
	if v := reflect.ValueOf(&zero).Elem(); v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
	}
	(&filler{extreme: true}).fill(reflect.ValueOf(&extreme).Elem())
	return []sample{
		{schema, "set", set, erase(c)},
		{schema, "zero", zero, erase(c)},
		{schema, "extreme", extreme, erase(c)},
	}
}

func dependentsSamples() []sample {
	c := erase(DependentsRows())
	var chunk ChunkRow
	chunk.Edges.with(LinkPage).ids = IDSet{1, 2, 3, 70000}
	chunk.Edges.with(LinkTemplate).ids = IDSet{math.MaxUint32, math.MaxInt64}
	chunk.Edges.Hubs = []Hub{{Page: 3, Type: LinkPage, Name: Name{Namespace: 10, DBKey: "Infobox"}}}
	target := &TargetRow{
		Holder: 7, HolderDT: 1767323045, Left: Leaver{Page: 8, DT: 1767323044},
		Own: []OwnLink{{Page: 7, Type: LinkTemplate, Start: 1767323046}},
		Met: Met{State: MetOne, Page: 7}, UsedSince: 1767323040, Direct: true, Told: Told{Page: 7, Start: 9}, Passed: 12,
		Sources: []SourceEdges{
			{Wiki: "enwiki", Width: 14, Chunks: IDSet{0, 2, 5}, Parts: Bits{1, 2}, Pending: []ChunkEdge{{Page: 8, Type: LinkPage, Present: true}}},
			{Wiki: "dewiki", Edges: chunk.Edges},
		},
	}
	var visit Visit
	(&filler{}).fill(reflect.ValueOf(&visit).Elem())
	visit.Beyond, visit.Once = visit.Types, visit.Types // as of what came by a redirect
	own := visit
	own.own, own.Hop.Cascade.Wiki, own.Hop.Cascade.Root, own.Hop.Cascade.ID, own.Hop.Cascade.Kind = true, "", Name{}, "0123456789abcdef", ChangeMove
	target.Visits = []Visit{visit, own}
	return []sample{
		{"DependentsRow", "set", &DependentsRow{Target: target}, c},
		{"DependentsRow", "zero", &DependentsRow{}, c},
		{"DependentsRow", "chunk", &DependentsRow{Chunk: &chunk}, c},
		{"DependentsRow", "split", &DependentsRow{Parts: Bits{9}}, c},
	}
}

func renderSamples() []sample {
	c := erase(schemas.Codec[events.Render]("Render")) // of which the zero value is no event
	var set events.Render
	(&filler{}).fill(reflect.ValueOf(&set).Elem())
	return []sample{
		{"Render", "set", set, c},
		{"Render", "zero", events.Render{Start: time.Unix(0, 0).UTC()}, c},
	}
}

// filler sets every field of a value, each to another value, the same in every run.
type filler struct {
	n       int64
	extreme bool // the least and greatest numbers, texts that are long and not of ASCII
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[*time.Time](v.Addr()); ok {
			*at = time.UnixMilli(1767323045000 + f.n).UTC()
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i))
		}
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(f.number(v.Type().Bits()))
	case reflect.Uint8, reflect.Uint16:
		v.SetUint(uint64(f.n) % 2) // also an enum's number
		if f.extreme {
			v.SetUint(1<<v.Type().Bits() - 1)
		}
	default:
		panic("no sample of " + v.Type().String())
	}
}

func (f *filler) text() string {
	text := "Value_" + strconv.FormatInt(f.n, 10)
	if f.extreme {
		text += "_Ḿünchen_東京_\U0001f30a_" + strings.Repeat("long", 30)
	}
	return text
}

func (f *filler) number(bits int) int64 {
	switch {
	case f.extreme && f.n%2 == 0:
		return -1 << (bits - 1)
	case f.extreme:
		return 1<<(bits-1) - 1
	default:
		return f.n * 1000
	}
}
