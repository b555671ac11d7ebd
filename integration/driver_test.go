package integration_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/compare"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// data returns the path of a file of the data set, and skips the test where there is none.
func data(t *testing.T, elem ...string) string {
	t.Helper()
	root := os.Getenv("EDDY_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no data set: %v (EDDY_DATA names its folder)", err)
	}
	return path
}

// parse reads a file of the data set.
func parse[T any](t *testing.T, read func(io.Reader) (T, error), path string) T {
	t.Helper()
	f, err := compare.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := read(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// driven is the pipeline in memory, at rest after each event.
type driven struct {
	*topologytest.Driver
	changes *topologytest.Feed[tables.PageKey, events.PageChange]
	renders *topologytest.Feed[tables.PageKey, events.Render]
}

func drive(t *testing.T, o processors.Options, opts ...topologytest.DriverOption) driven {
	t.Helper()
	var d *topologytest.Driver
	o.Now = func() time.Time { return d.Now() }
	topo, err := processors.New(o)
	if err != nil {
		t.Fatal(err)
	}
	d = topologytest.New(t, topo, opts...)
	d.Advance(30 * 365 * 24 * time.Hour) // events are of its past
	return driven{d, topologytest.Input(d, tables.PageChanges), topologytest.Input(d, tables.Renders)}
}

func (d driven) send(ev events.Event) {
	if c := ev.Change; c != nil {
		d.changes.Send(tables.PageKey{Wiki: c.Wiki, ID: c.Page.ID}, *c)
		return
	}
	d.renders.Send(tables.PageKey{Wiki: ev.Render.Wiki, ID: ev.Render.Page.ID}, *ev.Render)
}

func (d driven) file(t *testing.T, path string) {
	t.Helper()
	r, err := events.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for ev, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		d.send(ev)
	}
}

func (d driven) requests() []compare.Request {
	var list []compare.Request
	for _, e := range topologytest.Output(d.Driver, tables.RerenderRequests).All() {
		list = append(list, request(e.Value))
	}
	return list
}

func request(r tables.Request) compare.Request {
	instant := func(s int64) string { return time.Unix(s, 0).UTC().Format(time.RFC3339) }
	return compare.Request{
		WikiID: r.WikiID, PageID: r.PageID, PageTitle: r.PageTitle, NamespaceID: int(r.Namespace),
		Reason: r.Reason.String(), Depth: int(r.Depth), StaleSince: instant(r.Stale),
		Cascade: compare.Cascade{
			ID: string(r.Cascade.ID), Kind: string(r.Cascade.Kind), DT: instant(r.Cascade.DT),
			Root: compare.Title{PageTitle: r.Cascade.Root.PageTitle, NamespaceID: int(r.Cascade.Root.Namespace)},
		},
	}
}

// cascadeID finds the cascade of an event by the rules of a wiki.
func cascadeID(t *testing.T, sites *tables.Sites) func(string, compare.Title, string) string {
	return func(wiki string, root compare.Title, event string) string {
		site, err := sites.Site(wiki)
		if err != nil {
			t.Fatal(err)
		}
		title, err := site.FromPageTitle(int32(root.NamespaceID), root.PageTitle)
		if err != nil {
			t.Fatal(err)
		}
		return string(tables.NewCascadeID(wiki, title, event))
	}
}

func sitesOf(t *testing.T, path string) *tables.Sites {
	t.Helper()
	if path == "" {
		return tables.AnyWiki()
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := tables.LoadSiteInfo(f)
	if err != nil {
		t.Fatal(err)
	}
	sites, err := tables.NewSites(nil, info)
	if err != nil {
		t.Fatal(err)
	}
	return sites
}

func TestMediaWikiInMemory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ wiki, siteinfo string }{{"whonix", ""}, {"ltg", "siteinfo.json"}} {
		t.Run(tt.wiki, func(t *testing.T) {
			t.Parallel()
			log := data(t, tt.wiki, "events.ndjson.zst")
			sites := sitesOf(t, "")
			if tt.siteinfo != "" {
				sites = sitesOf(t, data(t, tt.wiki, tt.siteinfo))
			}
			d := drive(t, processors.Options{Sites: sites})
			d.file(t, log)
			report := compare.MediaWiki(
				parse(t, compare.ReadLog, log), parse(t, compare.ReadCascades, data(t, tt.wiki, "cascades.ndjson.gz")),
				d.requests(), compare.Options{CascadeID: cascadeID(t, sites)},
			)
			t.Log(report)
			if err := report.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDirectInMemory(t *testing.T) {
	t.Parallel()
	edits := data(t, "direct", "edits.ndjson.gz")
	d := drive(t, processors.Options{})
	d.file(t, data(t, "direct", "events.ndjson.zst"))
	d.file(t, edits)
	report := compare.Direct(
		parse(t, compare.ReadExpected, data(t, "direct", "expected.json")), parse(t, compare.ReadLog, edits),
		d.requests(), cascadeID(t, tables.AnyWiki()),
	)
	t.Log(report)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
}
