package compare

import "maps"

// operation is one action of a user: the page changes that it sent, and where in the log they
// are. A move that leaves a redirect sends two changes, a move over a redirect too.
type operation struct {
	start, end int // event positions: of the first change, after the last
	settled    int // after the changed pages' own renders
	changes    []int
	main       int // position of the change that names the action: the move, else the first
}

// operations cuts the log into operations. Changes belong together when they are neighbours in
// the log, of one second, and halves of one move.
func operations(log []Event) []operation {
	var ops []operation
	for i := 0; i < len(log); {
		if log[i].Change == "" {
			i++
			continue
		}
		op := operation{start: i, main: i}
		pages := map[int64]bool{}
		for ; i < len(log) && log[i].Change != "" && log[i].DT == log[op.start].DT; i++ {
			if i > op.start && !partOfMove(log[op.start:i], log[i]) {
				break
			}
			pages[log[i].Page.PageID] = true
			op.changes = append(op.changes, i)
			if log[i].Change == "move" {
				op.main = i
			}
		}
		op.end = i
		op.settled = ownRenders(log, op.end, pages)
		i = op.settled
		ops = append(ops, op)
	}
	return ops
}

// partOfMove says whether a change beside others is the other half of a move: the redirect that
// it left, or the deletion of the redirect that it went over.
func partOfMove(before []Event, e Event) bool {
	for _, b := range before {
		for _, pair := range [2][2]Event{{b, e}, {e, b}} {
			move, other := pair[0], pair[1]
			if move.Change != "move" {
				continue
			}
			if other.Change == "create" && move.Created.PageID == other.Page.PageID {
				return true
			}
			if other.Change == "delete" && other.Page.name() == move.Page.name() {
				return true
			}
		}
	}
	return false
}

// ownRenders returns the position after the renders, each once, of the pages at the log's
// position i: what their own change made MediaWiki render, before anything that uses them.
func ownRenders(log []Event, i int, pages map[int64]bool) int {
	left := maps.Clone(pages)
	for i < len(log) && log[i].Change == "" && left[log[i].Page.PageID] {
		delete(left, log[i].Page.PageID)
		i++
	}
	return i
}

// leftBehind returns the title that the operation moved a page away from, when no redirect was
// left there.
func (op operation) leftBehind(log []Event) (name, bool) {
	m := log[op.main]
	if m.Change != "move" || m.Created.PageID != 0 {
		return name{}, false
	}
	old := m.Prior.Page.name()
	for _, i := range op.changes {
		if log[i].Change == "create" && log[i].Page.name() == old {
			return name{}, false
		}
	}
	return old, true
}
