package compare

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Line is one line of a cascades file: what MediaWiki re-rendered after one change.
type Line struct {
	N             int     `json:"n"`
	DT            string  `json:"dt"`
	Kind          string  `json:"kind"`
	PageID        int64   `json:"page_id"`
	PageTitle     string  `json:"page_title"`
	PriorTitle    string  `json:"prior_title"`
	Rendered      []int64 `json:"rendered"`
	OutputChanged []int64 `json:"output_changed"`
	Op            string  `json:"op"`
}

// ReadCascades reads a cascades file. An error names the line.
func ReadCascades(r io.Reader) ([]Line, error) { return readLines[Line](r) }

// Options tunes [MediaWiki].
type Options struct {
	// CascadeID returns the id of the cascade that an event starts at a root title. Required.
	CascadeID func(wiki string, root Title, eventID string) string
	// FullSpeed is for a replay that did not come to rest between the changes: a page counts as
	// asked for if the cascade or a later one of the same root asks for it, pages too many are
	// not looked for, and a link that went later excuses a page. Defaults to false.
	FullSpeed bool
	// From is the dt of the first change that is compared. Defaults to the first that differs
	// from the log's first: an import carries one dt and MediaWiki's lists begin behind it.
	From string
}

// MediaWiki compares, for each change of the log, the pages requested for a template, an image
// or a redirect with those that MediaWiki rendered, and sorts the differences.
func MediaWiki(log []Event, lines []Line, requests []Request, opt Options) *Report {
	c := &comparison{log: log, ops: operations(log), opt: opt, report: &Report{}}
	if opt.From == "" && len(log) > 0 {
		for _, op := range c.ops {
			if log[op.main].DT != log[0].DT {
				c.opt.From = log[op.main].DT
				break
			}
		}
	}
	c.matchRequests(requests)
	c.matchLines(lines)
	c.run()
	return c.report
}

type comparison struct {
	log    []Event
	ops    []operation
	opt    Options
	report *Report

	asked  []map[int64]name // per operation: the pages asked for by use, and the root that did (its own title before others)
	other  [][]int64        // per operation: pages asked for by any reason but self
	last   map[edge]int     // the last operation whose root asked for a page
	listed []*Line
	tied   []tie // pages too many that a later render may excuse
}

type tie struct {
	op   int
	diff Difference
	root name
}

func (c *comparison) matchRequests(requests []Request) {
	type change struct {
		op   int
		root Title
		dt   string
	}
	ids := map[string]change{}
	for k, op := range c.ops {
		for _, i := range op.changes {
			e := c.log[i]
			ids[c.opt.CascadeID(e.WikiID, e.Page.title(), e.Meta.ID)] = change{k, e.Page.title(), e.DT}
			if e.Change == "move" {
				ids[c.opt.CascadeID(e.WikiID, e.Prior.Page.title(), e.Meta.ID)] = change{k, e.Prior.Page.title(), e.DT}
			}
		}
	}
	c.asked = make([]map[int64]name, len(c.ops))
	c.other = make([][]int64, len(c.ops))
	c.last = map[edge]int{}
	for _, r := range requests {
		of, ok := ids[r.Cascade.ID]
		fault := ""
		if !ok {
			fault = fmt.Sprintf("cascade %q is none of the log's", r.Cascade.ID)
		} else if r.Cascade.Root != of.root || r.Cascade.DT != of.dt {
			fault = fmt.Sprintf("cascade %q is that of %q at %s", r.Cascade.ID, of.root.PageTitle, of.dt)
		}
		if fault != "" {
			c.report.Unknown = append(c.report.Unknown, Difference{-1, r.Cascade.DT, r.Cascade.Kind, r.Cascade.Root.PageTitle, r.PageID, fault})
			continue
		}
		k := of.op
		if r.Reason == "self" {
			continue
		}
		c.other[k] = append(c.other[k], r.PageID)
		root := r.Cascade.Root.name()
		at := edge{r.PageID, root}
		c.last[at] = max(c.last[at], k)
		if r.Reason != "template" && r.Reason != "image" && r.Reason != "redirect" {
			continue
		}
		if c.asked[k] == nil {
			c.asked[k] = map[int64]name{}
		}
		if _, ok := c.asked[k][r.PageID]; !ok || root == c.log[c.ops[k].main].Page.name() {
			c.asked[k][r.PageID] = root
		}
	}
}

// matchLines finds the operation of each line: that of its dt, kind and title; where several
// are, the one as far from the line's n as the unambiguous ones are from theirs.
func (c *comparison) matchLines(lines []Line) {
	type key struct{ dt, kind, title string }
	candidates := map[key][]int{}
	for k, op := range c.ops {
		for _, i := range op.changes {
			e := c.log[i]
			at := key{e.DT, e.Change, e.Page.PageTitle}
			candidates[at] = append(candidates[at], k)
		}
	}
	distance := map[int]int{}
	for _, l := range lines {
		if ks := candidates[key{l.DT, l.Kind, l.PageTitle}]; len(ks) == 1 {
			distance[ks[0]-l.N]++
		}
	}
	usual, most := 0, 0
	for d, n := range distance {
		if n > most {
			usual, most = d, n
		}
	}
	c.listed = make([]*Line, len(c.ops))
	for i := range lines {
		l := &lines[i]
		ks := candidates[key{l.DT, l.Kind, l.PageTitle}]
		at := slices.IndexFunc(ks, func(k int) bool { return k-l.N == usual && c.listed[k] == nil })
		if at < 0 {
			at = slices.IndexFunc(ks, func(k int) bool { return c.listed[k] == nil })
		}
		if at < 0 {
			c.report.Unknown = append(c.report.Unknown, Difference{i, l.DT, l.Kind, l.PageTitle, l.PageID, "no such change in the log"})
			continue
		}
		c.listed[ks[at]] = l
		c.report.Listed++
	}
}

// run walks the log once; each operation is judged as the links stand after its own renders.
func (c *comparison) run() {
	s := newWikiState()
	k := 0
	var cut cutoff
	for i := 0; i <= len(c.log); i++ {
		if k < len(c.ops) && i == c.ops[k].settled {
			c.judge(s, k, cut)
			for _, page := range c.other[k] {
				s.pending[page] = true
			}
			k++
		}
		if k < len(c.ops) && i == c.ops[k].start {
			cut = s.cutoffOf(c.log, c.ops[k])
		}
		if i < len(c.log) {
			s.apply(i, c.log[i])
		}
	}
	c.resolve(s)
}

func (c *comparison) judge(s *wikiState, k int, cut cutoff) {
	op, line, asked := c.ops[k], c.listed[k], c.asked[k]
	e := c.log[op.main]
	if e.DT < c.opt.From {
		return
	}
	r := c.report
	r.Changes++
	at := Difference{Line: -1, DT: e.DT, Kind: e.Change, Title: e.Page.PageTitle}
	rendered := map[int64]bool{}
	if line != nil {
		at.Line = line.N
		for _, page := range line.Rendered {
			rendered[page] = true
		}
	}
	away, moved := op.leftBehind(c.log)
	for _, page := range slices.Sorted(maps.Keys(rendered)) {
		at.PageID = page
		switch {
		case c.isAsked(k, page):
			r.Same++
		case cut.sparesPage(s.links[page]) && !slices.Contains(line.OutputChanged, page):
			add(&r.Cutoff, at, "the text that others see is that of before")
		case cut.sparesPage(s.links[page]) && s.pending[page]:
			add(&r.CutoffDue, at, "asked for by an earlier cascade and not rendered since")
		case cut.sparesPage(s.links[page]) && s.sameInputs(c.log, op.settled, page, e.Page.name()):
			add(&r.Unnamed, at, "its output changed, but all that it used was the same")
		case c.opt.FullSpeed:
			c.tied = append(c.tied, tie{k, at, e.Page.name()})
		default:
			note := "not asked for"
			if cut.sparesPage(s.links[page]) {
				note = "spared by the cutoff, but its output changed and nothing had asked for it"
			}
			add(&r.Missing, at, note)
		}
	}
	if c.opt.FullSpeed {
		return
	}
	for _, page := range slices.Sorted(maps.Keys(asked)) {
		at.PageID = page
		switch {
		case rendered[page]:
		case moved && asked[page] == away:
			add(&r.MovedAway, at, "uses the title that was moved away without a redirect")
		default:
			c.tied = append(c.tied, tie{k, at, asked[page]})
		}
	}
}

func (c *comparison) isAsked(k int, page int64) bool {
	if _, ok := c.asked[k][page]; ok || !c.opt.FullSpeed {
		return ok
	}
	for _, root := range c.roots(k) {
		if at, ok := c.last[edge{page, root}]; ok && at >= k {
			return true
		}
	}
	return false
}

func (c *comparison) roots(k int) []name {
	e := c.log[c.ops[k].main]
	roots := []name{e.Page.name()}
	if e.Change == "move" {
		roots = append(roots, e.Prior.Page.name())
	}
	return roots
}

// resolve decides what only the rest of the log could: ties, and links that went.
func (c *comparison) resolve(s *wikiState) {
	for _, t := range c.tied {
		op := c.ops[t.op]
		if c.opt.FullSpeed {
			if slices.ContainsFunc(c.roots(t.op), func(root name) bool {
				at, ok := s.removed[edge{t.diff.PageID, root}]
				return ok && at >= op.settled
			}) {
				add(&c.report.Gone, t.diff, "its link went later")
				continue
			}
			add(&c.report.Missing, t.diff, "neither this cascade nor a later one of the title asked for it")
			continue
		}
		if slices.ContainsFunc(s.found[edge{t.diff.PageID, t.root}], func(f sighting) bool {
			return f.position >= op.start && f.dt == t.diff.DT && !f.revision
		}) {
			add(&c.report.Ties, t.diff, "its link was found, without a revision, by a render of the change's second")
			continue
		}
		add(&c.report.TooMany, t.diff, "MediaWiki did not render it")
	}
}

func add(list *[]Difference, d Difference, note string) {
	d.Note = note
	*list = append(*list, d)
}
