package processors_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

func keyOf(id int64) tables.PageKey { return tables.PageKey{Wiki: wiki, ID: id} }

func TestLinkChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "A", uses{"page=B", "external=https://a.example/", "category=Category:C"})
	b.render(2, 1, "A", 1, "", uses{"page=D", "external=https://a.example/"})
	var got []string
	for {
		_, c, ok := b.links.Next()
		if !ok {
			break
		}
		got = append(got, fmt.Sprintf("%s +%v -%v", c.Type, c.Added, c.Removed))
	}
	want := []string{
		"page +[testwiki:0:B] -[]", "category +[testwiki:14:C] -[]", "external +[testwiki:external:https://a.example/] -[]",
		"page +[testwiki:0:D] -[testwiki:0:B]", "category +[] -[testwiki:14:C]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("link changes %q, want %q", got, want)
	}
	b.change(events.Delete, 3, 1, "A", 1)
	if left := b.dependents("D"); len(left) != 0 {
		t.Errorf("a dead page is a dependent: %v", left)
	}
}

func TestBadEvents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change events.PageChange
		want   []string
	}{
		"a title that cannot be": {
			change: events.PageChange{Wiki: wiki, Page: events.Page{ID: 1, Title: "A|B"}}, want: []string{`"x1"`, `"A|B"`},
		},
		"an unknown wiki": {
			change: events.PageChange{Wiki: "otherwiki", Page: events.Page{ID: 1, Title: "A"}}, want: []string{`"x1"`, `"otherwiki"`},
		},
		"of another page than its key": {
			change: events.PageChange{Wiki: wiki, Page: events.Page{ID: 2, Title: "A"}}, want: []string{`"x1"`, "testwiki:2", "testwiki:1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sites, err := tables.NewSites([]string{wiki})
			if err != nil {
				t.Fatal(err)
			}
			b := setup(t, processors.Options{Sites: sites})
			c := tt.change
			c.Meta.ID, c.Time, c.Kind, c.Revision.ID = "x1", at(1), events.Create, 1
			err = b.changes.SendErr(tables.PageKey{Wiki: c.Wiki, ID: 1}, c)
			if err == nil {
				t.Fatal("taken")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not name %s", err, part)
				}
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := processors.New(processors.Options{StartOn: "never", ChunkWidth: 40, InlineEdges: -1, WalkChunks: -1, AbandonAfter: -1, EndedCascades: -1, OpenCascades: -1, CascadeEntries: -1, LinksBytes: -1, KeepCascades: -1})
	if err == nil {
		t.Fatal("taken")
	}
	for _, field := range []string{"StartOn", "ChunkWidth", "InlineEdges", "WalkChunks", "AbandonAfter", "EndedCascades", "OpenCascades", "CascadeEntries", "LinksBytes", "KeepCascades"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("error %q does not name %s", err, field)
		}
	}
}

// The tables that views and joins use are those that the pipeline's processors keep.
func TestTableTopics(t *testing.T) {
	t.Parallel()
	topo, err := processors.New(processors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := topo.String()
	for _, topic := range []string{
		tables.Pages.Topic(), tables.Titles.Topic(), tables.Links.Topic(), tables.Dependents.Topic(), tables.Requests.Topic(), tables.Cascades.Topic(),
	} {
		if !strings.Contains(text, "table  <- "+topic+"\n") {
			t.Errorf("no processor keeps %q:\n%s", topic, text)
		}
	}
}
