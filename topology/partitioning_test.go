package topology_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// tagged spells keys with a tag. Go cannot compare two of them.
type tagged struct{ tag []byte }

func (c tagged) Encode(key string) ([]byte, error) {
	return append(append([]byte{}, c.tag...), key...), nil
}
func (c tagged) Decode(data []byte) (string, error) { return string(data[len(c.tag):]), nil }

// rawID spells ids as they are.
type rawID struct{}

func (rawID) Encode(id [16]byte) ([]byte, error) { return id[:], nil }

func (rawID) Decode(data []byte) ([16]byte, error) { return [16]byte(data), nil }

func noTimer(context.Context, *topology.Timer[string]) error { return nil }

// cutBy hashes what stands before the first, or behind the last, of something.
type cutBy struct {
	codecs.Codec[string]
	by   string
	last bool
}

func (c cutBy) HashPart(key []byte) []byte {
	if c.last {
		return key[strings.LastIndex(string(key), c.by)+1:]
	}
	part, _, _ := strings.Cut(string(key), c.by)
	return []byte(part)
}

// begins hashes the first bytes of a key.
type begins struct {
	codecs.Codec[string]
	length int
}

func (c begins) HashPart(key []byte) []byte { return key[:min(len(key), c.length)] }

// Whatever a codec parts keys by, Build sees that another does not.
func TestPartsOfKeysAreSeen(t *testing.T) {
	t.Parallel()
	var parts []codecs.Codec[string]
	for _, by := range []string{"#", ";", "_", "=", "::", "--", "\t", "\x00", "%", "\u00a7", "~", "\\", "'"} {
		parts = append(parts, cutBy{text, by, false}, cutBy{text, by, true})
	}
	for _, n := range []int{1, 2, 8, 36, 64, 128} {
		parts = append(parts, begins{text, n})
	}
	for _, part := range parts {
		for _, other := range []codecs.Codec[string]{text, begins{text, 5}, cutBy{text, "^", false}} {
			b := topology.NewBuilder("t")
			p := topology.AddProcessor(b, "p", other)
			topology.Input(p, topology.NewStream("in", other, count)).Handle(nothing)
			topology.Join(p, topology.NewTable("rows", part, count))
			if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), `"rows"`) {
				t.Errorf("%+v beside %+v: %v", part, other, err)
			}
		}
	}
}

// wikiPage is a key of two parts.
type wikiPage struct {
	Wiki string
	ID   int64
}

// byWiki hashes the wiki alone.
type byWiki struct{ codecs.Codec[wikiPage] }

func (byWiki) HashPart(key []byte) []byte {
	wiki, _, _ := strings.Cut(string(key), `","`)
	return []byte(wiki)
}

// What a processor reads side by side lies side by side, or Build says which keys do not.
func TestPartitioningsThatDiffer(t *testing.T) {
	t.Parallel()
	spelled := codecs.JSON[string]()
	pages := codecs.JSON[wikiPage]()
	for _, test := range []struct {
		name    string
		declare func(b *topology.Builder)
		want    []string // parts of the error; none: it is accepted
	}{
		{"a join hashed by a part of the key", func(b *topology.Builder) {
			topology.Join(processor(b, "p", "in"), topology.NewTable("rows", q2, count))
		}, []string{`"rows"`, `"in"`, "look it up"}},
		{"an input spelled otherwise", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Input(p, topology.NewStream("more", spelled, count)).Handle(nothing)
		}, []string{`"more"`, `"in"`, "Repartition"}},
		{"a table beside an input spelled otherwise", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			topology.Persist(p, count)
			topology.Input(p, topology.NewStream("in", spelled, count)).Handle(nothing)
		}, []string{`"in"`, `"t-p-table"`, "Repartition"}},
		{"a key of two parts", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", pages)
			topology.Input(p, topology.NewStream("in", pages, count)).Handle(nothing)
			topology.Join(p, topology.NewTable("rows", codecs.Codec[wikiPage](byWiki{pages}), count))
		}, []string{`"rows"`, `"in"`}},
		{"codecs that Go cannot compare", func(b *topology.Builder) {
			p := topology.AddProcessor[string](b, "p", tagged{[]byte("own:")})
			topology.Persist(p, count)
			topology.Input(p, topology.NewStream[string, int64]("in", tagged{[]byte("in:")}, count)).Handle(nothing)
		}, []string{`"in"`, `"t-p-table"`}},
		{"somebody else's partitions beside a table", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			topology.Persist(p, count)
			topology.Input(p, stream("in", topology.ForeignPartitions())).Handle(nothing)
		}, []string{`"in"`, `"t-p-table"`, "Repartition"}},
		{"somebody else's partitions joined", func(b *topology.Builder) {
			topology.Join(processor(b, "p", "in"), topology.NewTable("rows", text, count, topology.ForeignPartitions()))
		}, []string{`"rows"`, `"in"`, "look it up"}},
		{"somebody else's partitions, declared once", func(b *topology.Builder) {
			topology.Lookup(processor(b, "p", "in"), topology.NewTable("rows", text, count, topology.ForeignPartitions()))
			topology.Lookup(processor(b, "q", "in"), table("rows"))
		}, []string{`"rows"`, "with and without"}},
		{"one input of somebody else's", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			topology.Input(p, stream("in", topology.ForeignPartitions())).Handle(nothing)
		}, nil},
		{"repartitioned", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Persist(p, count)
			topology.Input(p, stream("foreign", topology.ForeignPartitions()), topology.Repartition()).Handle(nothing)
			topology.Input(p, topology.NewStream("spelled", spelled, count), topology.Repartition()).Handle(nothing)
		}, nil},
		{"equal codecs that Go cannot compare", func(b *topology.Builder) {
			p := topology.AddProcessor[string](b, "p", tagged{[]byte("x")})
			topology.Persist(p, count)
			topology.Input(p, topology.NewStream[string, int64]("in", tagged{[]byte("x")}, count)).Handle(nothing)
		}, nil},
		{"a store beside somebody else's partitions", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			topology.AddStore(p, "s", text, count)
			topology.Input(p, stream("in", topology.ForeignPartitions())).Handle(nothing)
		}, []string{`"in"`, `"t-p-s-changelog"`, "Repartition"}},
		{"timers beside somebody else's partitions", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			topology.AddTimers(p, "s", text, topology.WallClock).Handle(noTimer)
			topology.Input(p, stream("in", topology.ForeignPartitions())).Handle(nothing)
		}, []string{`"in"`, `"t-p-s-timers"`, "Repartition"}},
		{"a store of somebody else's partitions", func(b *topology.Builder) {
			topology.AddStore(processor(b, "p", "in"), "s", text, count, topology.ForeignPartitions())
		}, []string{`"t-p-s-changelog"`, "ForeignPartitions"}},
		{"keys of bytes", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", codecs.JSON[[16]byte]())
			topology.Persist(p, count)
			topology.Input(p, topology.NewStream[[16]byte, int64]("in", rawID{}, count)).Handle(nothing)
		}, []string{`"in"`, `"t-p-table"`}},
		{"names of stores and timers with two dashes", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.AddStore(p, "-b-x", text, count)
			topology.AddStore(p, "b--x", text, count)
			topology.AddTimers(p, "b-", text, topology.WallClock).Handle(noTimer)
		}, []string{`"t-p--b-x-changelog"`, `"t-p-b--x-changelog"`, `"t-p-b--timers"`}},
		{"partition counts that cannot be", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Output(p, stream("none", topology.Partitions(-1)))
			topology.Output(p, stream("many", topology.Partitions(1<<32+8)))
		}, []string{`"none"`, `"many"`}},
		{"policies that cannot be", func(b *topology.Builder) {
			topology.AddProcessor(b, "p", text, topology.OnError(topology.Retry(3, -time.Second, topology.Stop())))
			topology.AddProcessor(b, "q", text, topology.OnError(topology.Policy{Then: 77}, topology.PhaseWrite))
		}, []string{`"p": on error`, `"q": on error: write`}},
		{"spelled otherwise and hashed alike", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Join(p, topology.NewTable("rows", codecs.Codec[string](prefixed{text}), count))
		}, nil},
		{"a lookup of any partitioning", func(b *topology.Builder) {
			topology.Lookup(processor(b, "p", "in"), topology.NewTable("rows", q2, count))
		}, nil},
		{"topics that Kafka does not tell apart", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "a.b"), stream("a_b"))
		}, []string{`"a.b"`, `"a_b"`}},
		{"names with two dashes", func(b *topology.Builder) {
			processor(b, "p--q", "in")
			processor(b, "-p", "in")
			processor(b, "p-", "in")
		}, []string{`"p--q"`, `"-p"`, `"p-"`}},
		{"two partition counts", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("mid", topology.Partitions(3)))
			processor(b, "q", "mid")
		}, []string{`"mid"`, "0 partitions", "3 as"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := topology.NewBuilder("t")
			test.declare(b)
			_, err := b.Build()
			if len(test.want) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, topology.ErrInvalid) {
				t.Fatalf("Build = %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %s in: %v", want, err)
				}
			}
		})
	}
}
