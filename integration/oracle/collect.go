package oracle

import "github.com/eddystream/eddy/tables"

// Collector makes a [Derived] of the pipeline's rows, in any order.
type Collector struct {
	derived Derived
	targets map[tables.Target]*tables.TargetRow
	edges   dependents
}

// NewCollector returns an empty one.
func NewCollector() *Collector {
	return &Collector{
		derived: Derived{Pages: map[string]string{}, Titles: map[string]string{}, Links: map[string]string{}},
		targets: map[tables.Target]*tables.TargetRow{}, edges: dependents{},
	}
}

// Page takes a row of the pages' table.
func (c *Collector) Page(key tables.PageKey, row *tables.PageRow) {
	c.derived.Pages[key.String()] = pageLine(row.Name, row.DT, row.Rev, row.Live, row.Redirect)
}

// Title takes a row of the titles' table.
func (c *Collector) Title(key tables.Title, row *tables.TitleRow) {
	if line := titleLine(row); line != "" {
		c.derived.Titles[key.String()] = line
	}
}

// Links takes a row of the links' table, with all its links.
func (c *Collector) Links(key tables.PageKey, row *tables.LinksRow) {
	set := linkSet{}
	if row.Active() {
		for _, l := range row.Render.Links {
			set[typedTarget{l.Type, l.Target(key.Wiki).String()}] = true
		}
	}
	if row.Live && row.Redirect != nil {
		set[typedTarget{tables.LinkRedirect, tables.TitleTarget(row.Redirect.In(key.Wiki)).String()}] = true
	}
	if len(set) > 0 {
		c.derived.Links[key.String()] = set.line()
	}
}

// Dependents takes a row of the dependents' table: a target's or a chunk's.
func (c *Collector) Dependents(key tables.Target, row *tables.DependentsRow) {
	if row.Chunk != nil {
		c.add(key.Row(), key.Chunk.Source, &row.Chunk.Edges)
	}
	if row.Target == nil {
		return
	}
	c.targets[key] = row.Target
	for i := range row.Target.Sources {
		c.add(key, row.Target.Sources[i].Wiki, &row.Target.Sources[i].Edges)
	}
}

func (c *Collector) add(target tables.Target, wiki string, edges *tables.Edges) {
	for kind, set := range edges.Sets() {
		for _, id := range set {
			c.edges.set(target.String(), kind, tables.PageKey{Wiki: wiki, ID: id}, true)
		}
	}
}

// Derived returns what the rows come to. Updates that a target row holds for its chunks count
// as made.
func (c *Collector) Derived() *Derived {
	for target, row := range c.targets {
		for _, s := range row.Sources {
			for _, u := range s.Pending {
				c.edges.set(target.String(), u.Type, tables.PageKey{Wiki: s.Wiki, ID: u.Page}, u.Present)
			}
		}
	}
	c.derived.Dependents = c.edges.lines()
	return &c.derived
}
