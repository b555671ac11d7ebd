package compare

import (
	"fmt"
	"maps"
	"slices"
)

// naive is the smallest program that answers as MediaWiki does: it walks the log in order and,
// once the changed pages' own renders are in, asks for the users of the changed titles.
type naive struct {
	cutoff    bool // spare content changes that others cannot see
	existence bool // ask also for links that turn red or blue, and for titles moved away

	state    *wikiState
	kinds    map[int64]map[name]string // strongest reason per page and target
	users    map[name]map[int64]bool
	requests []Request
}

func testID(wiki string, root Title, eventID string) string {
	return fmt.Sprintf("%s|%d|%s|%s", wiki, root.NamespaceID, root.PageTitle, eventID)
}

func (n *naive) run(log []Event) []Request {
	n.state, n.kinds, n.users = newWikiState(), map[int64]map[name]string{}, map[name]map[int64]bool{}
	ops := operations(log)
	var cut cutoff
	for i, k := 0, 0; i <= len(log); i++ {
		if k < len(ops) && i == ops[k].settled {
			n.walk(log, ops[k], cut)
			k++
		}
		if k < len(ops) && i == ops[k].start {
			cut = n.state.cutoffOf(log, ops[k])
		}
		if i < len(log) {
			n.state.apply(i, log[i])
			n.index(log[i])
		}
	}
	return n.requests
}

func (n *naive) index(e Event) {
	id := e.Page.PageID
	if e.Change != "" && e.Change != "delete" {
		return
	}
	for target := range n.kinds[id] {
		delete(n.users[target], id)
	}
	kinds := map[name]string{}
	for _, part := range []struct {
		reason string
		links  []EventLink
	}{{"existence", e.Links.Existence}, {"page", e.Links.Page}, {"image", e.Links.Image}, {"template", e.Links.Template}} {
		for _, l := range part.links {
			kinds[l.name()] = part.reason
		}
	}
	n.kinds[id] = kinds
	for target := range kinds {
		if n.users[target] == nil {
			n.users[target] = map[int64]bool{}
		}
		n.users[target][id] = true
	}
}

func (n *naive) walk(log []Event, op operation, cut cutoff) {
	for _, i := range op.changes {
		e := log[i]
		n.ask(e, e.Page.title(), e.Change != "edit", cut)
		if _, left := op.leftBehind(log); e.Change == "move" && left && n.existence {
			n.ask(e, e.Prior.Page.title(), true, cut)
		}
	}
}

// ask requests the users of one title; gained says that the title gained or lost its page.
func (n *naive) ask(e Event, root Title, gained bool, cut cutoff) {
	target := root.name()
	for _, page := range slices.Sorted(maps.Keys(n.users[target])) {
		reason := n.kinds[page][target]
		if reason == "image" && target.namespace != 6 {
			continue
		}
		if (reason == "page" || reason == "existence") && !(n.existence && gained) {
			continue
		}
		if n.cutoff && cut.sparesPage(n.state.links[page]) {
			continue
		}
		n.requests = append(n.requests, Request{
			WikiID: e.WikiID, PageID: page, Reason: reason, Depth: 1, StaleSince: e.DT,
			Cascade: Cascade{ID: testID(e.WikiID, root, e.Meta.ID), Kind: e.Change, Root: root, DT: e.DT},
		})
	}
}
