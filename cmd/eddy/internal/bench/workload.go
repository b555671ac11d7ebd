package bench

import (
	"fmt"
	"iter"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
)

// workload is the wiki that is measured, and edits of its templates with what has to follow from them.
type workload struct {
	pages  int // templates included
	edges  int // 0: not known beforehand
	seed   uint64
	events func() iter.Seq2[simwiki.Event, error] // the page change and the rendering of every page
	edits  []edit
}

// The kinds of edits that are measured.
const (
	middleEdit = "mid3"  // of a template of level 3 that about a tenth of the pages depend on
	bigEdit    = "top5"  // of the template of level 5 that nearly all pages depend on
	smallEdit  = "small" // of a template that few pages use
)

// edit is an edit of a template.
type edit struct {
	kind           string
	expected       int // pages to ask for, the edited one not counted
	change, render simwiki.Event
}

// generated returns the workload of a generated wiki.
func generated(shape simwiki.Shape) (*workload, error) {
	wiki, err := simwiki.Generate(shape)
	if err != nil {
		return nil, err
	}
	w := &workload{pages: wiki.Pages(), seed: shape.Seed}
	w.events = func() iter.Seq2[simwiki.Event, error] {
		return func(yield func(simwiki.Event, error) bool) {
			for e := range wiki.Events() {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
	next, stop := iter.Pull(wiki.EditEvents())
	defer stop()
	for _, e := range wiki.Edits() {
		change, _ := next()
		render, _ := next()
		w.edits = append(w.edits, edit{kind: e.Kind, expected: e.Expected, change: change, render: render})
	}
	return w, nil
}

// of returns the edits of a kind.
func (w *workload) of(kind string) []edit {
	var list []edit
	for _, e := range w.edits {
		if e.kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// title returns the edited template.
func (e edit) title() tables.Title {
	return simwiki.Unprefixed(e.change.Change.Page.Namespace, e.change.Change.Page.Title).In(e.change.Change.Wiki)
}

// cascade returns the id of the cascade that the edit starts.
func (e edit) cascade() tables.CascadeID {
	return tables.NewCascadeID(e.change.Change.Wiki, e.title(), e.change.Change.Meta.ID)
}

// again returns the n-th edit in the place of this one: a later revision, with another text.
func (e edit) again(n int) edit {
	revision, later, mark := int64(n)*1_000_000_000, time.Duration(n)*time.Minute, fmt.Sprintf("-%d", n)
	change, render := *e.change.Change, *e.render.Render
	change.Meta.ID += mark
	change.Time = change.Time.Add(later)
	change.Revision.ID += revision
	change.Revision.Time = change.Revision.Time.Add(later)
	change.Revision.SHA1 += mark
	change.Revision.ContentSHA1 += mark
	render.Meta.ID += mark
	render.Start = render.Start.Add(later)
	render.Revision.ID += revision
	render.OutputSHA1 += mark
	render.ContentSHA1 += mark
	render.TransclusionSHA1 += mark
	e.change, e.render = simwiki.Event{Change: &change}, simwiki.Event{Render: &render}
	return e
}
