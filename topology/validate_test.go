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

// halfHashed is a text codec that says which part of a key is hashed.
type halfHashed struct{ codecs.Codec[string] }

func (halfHashed) HashPart(key []byte) []byte { return key[:len(key)/2] }

// idle is a handler of timers.
func idle(context.Context, *topology.Timer[string]) error { return nil }

func TestBuildReportsProblems(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 245)
	for _, test := range []struct {
		name    string
		declare func(b *topology.Builder)
		want    []string // a line of the error each, after the common prefix
	}{
		{"no processor", func(*topology.Builder) {}, []string{`it has no processors`}},
		{"no input", func(b *topology.Builder) {
			topology.AddProcessor(b, "p", text)
		}, []string{`processor "p" has no input`}},
		{"only a loop", func(b *topology.Builder) {
			topology.Loop(topology.AddProcessor(b, "p", text), count).Handle(nothing)
		}, []string{`processor "p" has a loop and no input: nothing can start it`}},
		{"processor without a name", func(b *topology.Builder) {
			processor(b, "", "in")
		}, []string{`processor "": its name is empty`}},
		{"illegal processor", func(b *topology.Builder) {
			p := processor(b, "p q", "in")
			topology.Persist(p, count)
		}, []string{`processor "p q": its name has the character ' '; letters, digits, '.', '_' and '-' are legal`}},
		{"processor twice", func(b *topology.Builder) {
			processor(b, "p", "in")
			processor(b, "p", "in")
		}, []string{`processor "p" is added twice`}},
		{"processor without a codec", func(b *topology.Builder) {
			topology.Input(topology.AddProcessor(b, "p", codecs.Codec[string](nil)), stream("in")).Handle(nothing)
		}, []string{`processor "p" has no key codec`}},
		{"topic without a name", func(b *topology.Builder) {
			processor(b, "p", "")
		}, []string{`processor "p": topic "" of its input is empty`}},
		{"dots", func(b *topology.Builder) {
			topology.Join(processor(b, "p", ".."), table("."))
		}, []string{`processor "p": topic ".." of its input is not a legal name`, `processor "p": topic "." of its join is not a legal name`}},
		{"illegal topic", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("a/b"))
		}, []string{`processor "p": topic "a/b" of its output has the character '/'; letters, digits, '.', '_' and '-' are legal`}},
		{"table's name too long", func(b *topology.Builder) {
			topology.Persist(processor(b, long, "in"), count)
		}, []string{`processor "` + long + `": topic "t-` + long + `-table" of its table has 253 characters, more than 249`}},
		{"edge without a codec", func(b *topology.Builder) {
			topology.Join(processor(b, "p", "in"), topology.NewTable[string, int64]("rows", text, nil))
		}, []string{`processor "p": topic "rows" its join has no codec`}},
		{"input twice", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Input(p, stream("in")).Handle(nothing)
		}, []string{`processor "p": topic "in" is an input twice`}},
		{"input without a handler", func(b *topology.Builder) {
			topology.Input(topology.AddProcessor(b, "p", text), stream("in"))
		}, []string{`processor "p": topic "in" is an input without a handler`}},
		{"loop without a handler", func(b *topology.Builder) {
			topology.Loop(processor(b, "p", "in"), count)
		}, []string{`processor "p": topic "t-p-loop" is a loop without a handler`}},
		{"nil handler", func(b *topology.Builder) {
			topology.Loop(processor(b, "p", "in"), count).Handle(nil)
		}, []string{`processor "p": topic "t-p-loop" its loop was given a nil handler`, `processor "p": topic "t-p-loop" is a loop without a handler`}},
		{"two handlers", func(b *topology.Builder) {
			s := topology.Input(topology.AddProcessor(b, "p", text), stream("in"))
			s.Handle(nothing)
			s.Handle(nothing)
		}, []string{`processor "p": topic "in" its input was given two handlers`}},
		{"two tables", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Persist(p, count)
			topology.Persist(p, text)
		}, []string{`processor "p": topic "t-p-table" is a second table: a processor has at most one`}},
		{"two loops", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Loop(p, count).Handle(nothing)
			topology.Loop(p, count).Handle(nothing)
		}, []string{`processor "p": topic "t-p-loop" is a second loop: a processor has at most one`}},
		{"input and join", func(b *topology.Builder) {
			topology.Join(processor(b, "p", "in"), table("in"))
		}, []string{`processor "p": topic "in" is a join and an input of the same processor: a topic is a stream or a table`}},
		{"join with two codecs", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Join(p, table("rows"))
			topology.Join(p, topology.NewTable("rows", text, codecs.JSON[int64]()))
		}, []string{`processor "p": topic "rows" is declared as join and join with different codecs`}},
		{"lookup with two types", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Join(p, table("rows"))
			topology.Lookup(p, topology.NewTable("rows", users, count))
		}, []string{`processor "p": topic "rows" is declared as join and lookup with different codecs`}},
		{"output with and without Last", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Output(p, stream("out"))
			topology.Output(p, stream("out"), topology.Last())
		}, []string{`processor "p": topic "out" is declared as output with and without Last`}},
		{"join on the loop", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Loop(p, count).Handle(nothing)
			topology.Join(p, table("t-p-loop"))
		}, []string{`processor "p": topic "t-p-loop" is a join and the loop of the same processor: a loop cannot be joined`}},
		{"lookup on another's loop", func(b *topology.Builder) {
			topology.Lookup(processor(b, "p", "in"), table("t-q-loop"))
			topology.Loop(processor(b, "q", "in"), count).Handle(nothing)
		}, []string{`processor "p": topic "t-q-loop" is a lookup and the loop of processor "q": a loop cannot be joined`}},
		{"input of the loop", func(b *topology.Builder) {
			topology.Loop(processor(b, "p", "t-p-loop"), count).Handle(nothing)
		}, []string{`processor "p": topic "t-p-loop" is an input and the loop of the same processor`}},
		{"join of the own table", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Join(p, topology.Persist(p, count).Table())
		}, []string{`processor "p": topic "t-p-table" is a join and the table of the same processor: read its State`}},
		{"two stores of one name", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.AddStore(p, "s", text, count)
			topology.AddStore(p, "s", count, count)
		}, []string{`processor "p": topic "t-p-s-changelog" is that of two stores: each store of a processor, and its timers, have a name of their own`}},
		{"stores of two processors with one topic", func(b *topology.Builder) {
			topology.AddStore(processor(b, "p", "in"), "q-s", text, count)
			topology.AddStore(processor(b, "p-q", "in"), "s", text, count)
		}, []string{`processor "p-q": topic "t-p-q-s-changelog" is its store and the store of processor "p"`}},
		{"timers of one name", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.AddStore(p, "s", text, count) // has another topic
			topology.AddTimers(p, "s", text, topology.StreamTime).Handle(idle)
			topology.AddTimers(p, "s", text, topology.WallClock).Handle(idle)
		}, []string{`processor "p": topic "t-p-s-timers" is that of two stores: each store of a processor, and its timers, have a name of their own`}},
		{"timers without a handler", func(b *topology.Builder) {
			topology.AddTimers(processor(b, "p", "in"), "s", text, topology.StreamTime)
		}, []string{`processor "p": topic "t-p-s-timers" is of timers without a handler`}},
		{"timers with two handlers", func(b *topology.Builder) {
			t := topology.AddTimers(processor(b, "p", "in"), "s", text, topology.WallClock)
			t.Handle(idle)
			t.Handle(idle)
		}, []string{`processor "p": topic "t-p-s-timers" its timers was given two handlers`}},
		{"timers by no clock", func(b *topology.Builder) {
			topology.AddTimers(processor(b, "p", "in"), "s", text, topology.Clock(7)).Handle(idle)
		}, []string{`processor "p": topic "t-p-s-timers" is of timers by Clock(7): they go by StreamTime or WallClock`}},
		{"lookup of timers", func(b *topology.Builder) {
			topology.AddTimers(processor(b, "p", "in"), "s", text, topology.StreamTime).Handle(idle)
			topology.Lookup(processor(b, "q", "in"), table("t-p-s-timers"))
		}, []string{`processor "q": topic "t-p-s-timers" is a lookup and the timers of processor "p": nobody else reads them`}},
		{"punctuation without an interval or a handler", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Every(p, 0, func(context.Context, *topology.Punctuation) error { return nil })
			topology.Every(p, time.Second, nil)
		}, []string{`processor "p": punctuation every 0s: the interval has to be a millisecond at least`, `processor "p": punctuation every 1s has no handler`}},
		{"store without a name", func(b *topology.Builder) {
			topology.AddStore(processor(b, "p", "in"), "", text, count)
		}, []string{`processor "p": topic "t-p--changelog" is that of a store without a name`}},
		{"store with an illegal name", func(b *topology.Builder) {
			topology.AddStore(processor(b, "p", "in"), "a b", text, count)
		}, []string{`processor "p": topic "t-p-a b-changelog" of its store has the character ' '; letters, digits, '.', '_' and '-' are legal`}},
		{"store without codecs", func(b *topology.Builder) {
			topology.AddStore[string, string, int64](processor(b, "p", "in"), "s", nil, nil)
		}, []string{`processor "p": topic "t-p-s-changelog" its store has no codec`}},
		{"join of the own store", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Join(p, topology.AddStore(p, "s", text, count).Table())
		}, []string{`processor "p": topic "t-p-s-changelog" is a join and a store of the same processor: read its Store`}},
		{"output to a store", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("t-q-s-changelog"))
			topology.AddStore(processor(b, "q", "in"), "s", text, count)
		}, []string{`processor "p": topic "t-q-s-changelog" is an output and the store of processor "q"`}},
		{"output to a table", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("t-q-table"))
			topology.Persist(processor(b, "q", "in"), count)
		}, []string{`processor "p": topic "t-q-table" is an output and the table of processor "q"`}},
		{"output to a loop", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Loop(p, count).Handle(nothing)
			topology.Output(p, stream("t-p-loop"))
		}, []string{`processor "p": topic "t-p-loop" is an output and the loop of the same processor`}},
		{"output to a joined table", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("rows"))
			topology.Join(processor(b, "q", "in"), table("rows"))
		}, []string{`processor "q": topic "rows" is a join and an output of processor "p": a topic is a stream or a table`}},
		{"input of a table", func(b *topology.Builder) {
			topology.Persist(processor(b, "p", "in"), count)
			processor(b, "q", "t-p-table")
		}, []string{`processor "q": topic "t-p-table" is an input and a table of processor "p": a topic is a stream or a table`}},
		{"two retentions", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("mid", topology.Retention(time.Hour)))
			processor(b, "q", "mid")
		}, []string{`processor "q": topic "mid" has another retention (0s) than as an output of processor "p" (1h0m0s)`}},
		{"packed and not", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("mid").Packed())
			processor(b, "q", "mid")
			topology.Output(processor(b, "r", "in"), stream("mid"))
		}, []string{
			`processor "q": topic "mid" is not packed as an input and packed as an output of processor "p"`,
			`processor "r": topic "mid" is not packed as an output and packed as an output of processor "p"`,
		}},
		{"one output packed and not", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.Output(p, stream("mid"))
			topology.Output(p, stream("mid").Packed())
			processor(b, "q", "mid")
		}, []string{`processor "p": topic "mid" is declared as output packed and not packed`}},
		{"packed output without a reader", func(b *topology.Builder) {
			topology.Output(processor(b, "p", "in"), stream("out").Packed())
		}, []string{`processor "p": topic "out" is a packed output and an input of no processor: whoever reads it from outside cannot read packs`}},
		{"packed input without a writer", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			topology.Input(p, stream("in").Packed()).Handle(nothing)
		}, []string{`processor "p": topic "in" is a packed input and an output of no processor: what comes from outside is not packed; ` +
			`a stream of another topology is declared without Packed, and its packs are read all the same`}},
		{"two partitionings", func(b *topology.Builder) {
			topology.Join(processor(b, "p", "in"), table("rows"))
			q := topology.AddProcessor(b, "q", codecs.Codec[string](halfHashed{text}))
			topology.Input(q, topology.NewStream("other", q2, count)).Handle(nothing)
			topology.Join(q, topology.NewTable("rows", q2, count))
		}, []string{`processor "q": topic "rows" has another partitioning (by a part of its key, or by all of it) than as a join of processor "p"`}},
		{"tables of two processors", func(b *topology.Builder) {
			topology.Persist(processor(b, "p", "in"), count)
			topology.Persist(processor(b, "p", "in"), count)
		}, []string{`processor "p" is added twice`, `processor "p": topic "t-p-table" is its table and the table of processor "p"`}},
		{"timers that expire", func(b *topology.Builder) {
			p := processor(b, "p", "in")
			topology.AddTimers(p, "ends", text, topology.StreamTime, topology.Retention(time.Hour)).Handle(func(context.Context, *topology.Timer[string]) error { return nil })
		}, []string{`processor "p": topic "t-p-ends-timers" is of timers, which do not expire: it cannot have a Retention`}},
		{"flow to nowhere", func(b *topology.Builder) {
			topology.From(topology.AddProcessor(b, "p", text), stream("in"))
		}, []string{`processor "p": topic "in" starts a flow that goes nowhere: it needs To, Each, Aggregate or Rekey at its end`}},
		{"branch to nowhere", func(b *topology.Builder) {
			f := topology.From(topology.AddProcessor(b, "p", text), stream("in"))
			f.To(stream("out"))
			topology.Map(f.Filter(func(string, int64) bool { return true }), func(string, int64) string { return "" })
		}, []string{`processor "p": topic "in" starts a flow that goes nowhere: it needs To, Each, Aggregate or Rekey at its end`}},
		{"merge across processors", func(b *topology.Builder) {
			f := topology.From(topology.AddProcessor(b, "p", text), stream("a"))
			g := topology.From(topology.AddProcessor(b, "q", text), stream("b"))
			g.To(stream("c"))
			topology.Merge(f, g).To(stream("d"))
		}, []string{`processor "p": topic "b" is merged from a flow of processor "q": only flows of one processor merge`}},
		{"everything at once", func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			topology.Persist(p, count)
			topology.Persist(p, count)
			topology.Loop(processor(b, "q", "in"), count)
		}, []string{
			`processor "p": topic "t-p-table" is a second table: a processor has at most one`,
			`processor "p" has no input`,
			`processor "q": topic "t-q-loop" is a loop without a handler`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := topology.NewBuilder("t")
			test.declare(b)
			topo, err := b.Build()
			if !errors.Is(err, topology.ErrInvalid) || topo != nil {
				t.Fatalf("Build = %v, %v, want nil and ErrInvalid", topo, err)
			}
			got := strings.Split(err.Error(), "\n")
			for i, line := range got {
				got[i] = strings.TrimPrefix(line, `invalid topology "t": `)
			}
			for i := range test.want {
				test.want[i] = strings.TrimPrefix(test.want[i], `invalid topology "t": `)
			}
			if g, w := strings.Join(got, "\n"), strings.Join(test.want, "\n"); g != w {
				t.Errorf("Build reports\n%s\nwant\n%s", g, w)
			}
		})
	}
}

var q2 = codecs.Codec[string](halfHashed{text})

func TestBuildChecksTheNameOfTheTopology(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a b", ".."} {
		b := topology.NewBuilder(name)
		processor(b, "p", "in")
		if _, err := b.Build(); !errors.Is(err, topology.ErrInvalid) || !strings.Contains(err.Error(), "its name") {
			t.Errorf("Build of %q = %v", name, err)
		}
	}
}

func TestBuildAccepts(t *testing.T) {
	t.Parallel()
	b := topology.NewBuilder("t")
	p := processor(b, "p", "in")
	rows := topology.Persist(p, count).Table()
	topology.Loop(p, count).Handle(nothing)
	topology.Output(p, stream("out", topology.Retention(-1)))
	topology.Output(p, stream("out", topology.Retention(-1))) // the same edge
	q := topology.AddProcessor(b, "q", text)
	topology.Input(q, stream("out", topology.Retention(-1))).Handle(nothing)
	topology.Input(q, stream("t-p-loop")).Handle(nothing) // of another processor, to watch it
	topology.Output(p, stream("mid").Packed())
	topology.Input(q, stream("mid").Packed()).Handle(nothing)
	topology.Join(q, rows)
	topology.Join(q, rows)
	topology.Lookup(processor(b, "r", "in"), rows)
	topo := mustBuild(t, b)
	want := `topology t
  processor p
    input  <- in
    table  <- t-p-table
    loop   <- t-p-loop
    output -> out
    output -> mid (packed)
  processor q
    input  <- out
    input  <- t-p-loop
    input  <- mid (packed)
    join   <- t-p-table
  processor r
    input  <- in
    lookup <- t-p-table
`
	if got := topo.String(); got != want {
		t.Errorf("topology:\n%swant:\n%s", got, want)
	}
	k := topo.Kernel()
	if n := len(k.Processors[0].Outputs) + len(k.Processors[1].Joins); n != 3 {
		t.Errorf("repeated edges were not merged: %d", n)
	}
}

// What is declared after Build is refused, by the handle and by Build.
func TestBuilderIsClosed(t *testing.T) {
	t.Parallel()
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	flow := topology.From(p, stream("in"))
	flow.To(stream("out"))
	topo := mustBuild(t, b)
	before := topo.String()

	late := topology.Persist(p, count)
	source := topology.Input(p, stream("more"))
	source.Handle(nothing)
	flow.To(stream("out2"))
	topology.AddProcessor(b, "q", text)

	if _, _, err := late.Get(nil); !errors.Is(err, topology.ErrInvalid) || !strings.Contains(err.Error(), "after Build") {
		t.Errorf("handle declared after Build returns %v", err)
	}
	_, err := b.Build()
	if !errors.Is(err, topology.ErrInvalid) {
		t.Fatalf("second Build = %v", err)
	}
	for _, want := range []string{
		"built already", `topic "t-p-table" its table was declared after Build`, `topic "more" its input was declared after Build`,
		`topic "in" To was added to its flow after Build`, `processor "q" was added after Build`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("second Build does not report %q:\n%v", want, err)
		}
	}
	if after := topo.String(); after != before {
		t.Errorf("the topology changed after Build:\n%s", after)
	}
}
