package topologytest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// fatal is a test that notes why it failed.
type fatal struct {
	testing.TB
	why string
}

func (f *fatal) Helper()                      {}
func (f *fatal) Context() context.Context     { return context.Background() }
func (f *fatal) Fatal(args ...any)            { f.why = fmt.Sprint(args...); panic(f) }
func (f *fatal) Fatalf(s string, args ...any) { f.Fatal(fmt.Sprintf(s, args...)) }

func TestDriverWithoutATopology(t *testing.T) {
	t.Parallel()
	f := &fatal{TB: t}
	func() {
		defer func() { _ = recover() }()
		topologytest.New(f, nil)
	}()
	if !strings.Contains(f.why, "Build") {
		t.Errorf("failed with %q", f.why)
	}
}

func TestMistakesFailTheTest(t *testing.T) {
	t.Parallel()
	topo, sum := countdown(t)
	raw := topology.NewStream("out", text, text)
	for name, test := range map[string]struct {
		do   func(d *topologytest.Driver)
		want string
	}{
		"input that nobody reads": {func(d *topologytest.Driver) { topologytest.Input(d, out) }, `no processor of "t" consumes "out"`},
		"unknown output": {
			func(d *topologytest.Driver) { topologytest.Output(d, topology.NewStream("none", text, count)) },
			`no processor of "t" writes or reads "none"`,
		},
		"unknown table": {func(d *topologytest.Driver) { topologytest.Seed(d, topology.NewTable("none", text, count)) }, `"none"`},
		"unknown value": {func(d *topologytest.Driver) { topologytest.Value(d, topology.NewTable("none", text, count), "k") }, `"none"`},
		"processing error": {func(d *topologytest.Driver) {
			topologytest.Input(d, topology.NewStream("in", text, text)).Send("k", "x")
		}, `cannot decode`},
		"output of another type": {func(d *topologytest.Driver) {
			topologytest.Input(d, in).Send("k", 0)
			topologytest.Output(d, topology.NewStream("out", count, text)).Next()
		}, `key of "out"[`},
		"row of another type": {func(d *topologytest.Driver) {
			topologytest.Seed(d, topology.NewTable(sum.Table().Topic(), text, text)).Send("k", "x")
			topologytest.Rows(d, sum.Table())
		}, `row "k" of "t-p-table"`},
		"nothing": {func(d *topologytest.Driver) {
			topologytest.Input(d, in).Send("k", 0)
			topologytest.Output(d, raw).Next()
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fatal{TB: t}
			defer func() {
				if p := recover(); p != nil && p != any(f) {
					panic(p)
				}
				if !strings.Contains(f.why, test.want) || (f.why == "") != (test.want == "") {
					t.Errorf("failed with %q, want %q", f.why, test.want)
				}
			}()
			test.do(topologytest.New(f, topo))
		})
	}
}
