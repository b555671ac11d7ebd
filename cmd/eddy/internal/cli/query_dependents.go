package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/tables/documents"
	"github.com/eddystream/eddy/topology"
)

// dependentsAnswer is who uses a target, a part of it.
type dependentsAnswer struct {
	*documents.Dependents

	// Titles are those of the pages, by wiki, then by id.
	Titles map[string]map[string]string `json:"titles,omitempty"`
	Next   string                       `json:"next,omitempty"` // cursor; absent: that is all
	listed []use
}

// use is one page that uses a target.
type use struct {
	kind  tables.LinkType
	page  tables.PageKey
	title string
}

func (u use) cursor() string { return u.kind.String() + "/" + u.page.String() }

func (u use) compare(o use) int {
	return cmp.Or(cmp.Compare(u.kind, o.kind), cmp.Compare(u.page.Wiki, o.page.Wiki), cmp.Compare(u.page.ID, o.page.ID))
}

// useFilter chooses uses.
type useFilter struct{ kind, from string }

func newQueryDependents(w world) *cobra.Command {
	r, l, f := &reader{w: w}, &limit{}, &useFilter{}
	cmd := &cobra.Command{
		Use:   "dependents TARGET",
		Short: "Which pages use a title, or link outside of the wiki",
		Long: `Dependents prints how many pages use a target, and the first of them with their titles,
in the order of the type of link, wiki and page id. The cursor of a list is type and page
of the last one, as in template/enwiki:736; with --json it stands in "next".`,
		Example: `  eddy query dependents --wiki enwiki "Template:Infobox person"
  eddy query dependents enwiki:10:Infobox_person --type template --after template/enwiki:736
  eddy query dependents enwiki:external:https://example.org/ --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			target, err := r.target(args[0])
			if err != nil {
				return err
			}
			if err := l.check(); err != nil {
				return err
			}
			after, err := f.read(l.after)
			if err != nil {
				return err
			}
			return within(cmd.Context(), r, tables.Dependents, func(v *topology.View[tables.Target, *tables.DependentsRow]) error {
				uses, ok, err := dependents.Load(v, target)
				if err != nil {
					return err
				}
				if !ok {
					return coded(exitNotFound, fmt.Errorf("nobody ever used %q", target))
				}
				d := &dependentsAnswer{Dependents: r.writer().Dependents(uses, 0)}
				d.choose(uses, f, l, after)
				if err := r.withTitles(cmd.Context(), d.name); err != nil {
					return err
				}
				return show(r, d, func(out io.Writer) { dependentsText(uses, d, out) })
			})
		},
	}
	r.bind(cmd)
	r.bindIDs(cmd)
	l.bind(cmd, "pages", 20)
	cmd.Flags().StringVar(&f.kind, "type", "", "only links of this `type`, such as template or redirect")
	cmd.Flags().StringVar(&f.from, "from", "", "only pages of this `wiki`")
	return cmd
}

// read reads a cursor; nil is none.
func (f *useFilter) read(after string) (*use, error) {
	if f.kind != "" {
		if _, ok := linkType(f.kind); !ok {
			return nil, usageError(fmt.Errorf("type %q is none of %s", f.kind, linkTypes()))
		}
	}
	if after == "" {
		return nil, nil
	}
	kind, page, _ := strings.Cut(after, "/")
	t, ok := linkType(kind)
	key, err := tables.ParsePageKey(page)
	if !ok || err != nil {
		return nil, usageError(fmt.Errorf("after: %q is no type of link and page, as in template/enwiki:736", after))
	}
	return &use{kind: t, page: key}, nil
}

// linkType finds a type by its name.
func linkType(name string) (tables.LinkType, bool) {
	for t := range tables.LinkSelf {
		if t.String() == name {
			return t, true
		}
	}
	return 0, false
}

func linkTypes() string {
	var names []string
	for t := range tables.LinkSelf {
		names = append(names, t.String())
	}
	return strings.Join(names, ", ")
}

// choose lists the uses that are wanted.
func (d *dependentsAnswer) choose(uses *dependents.Uses, f *useFilter, l *limit, after *use) {
	var all []use
	for i := range uses.Sources {
		from := &uses.Sources[i]
		if f.from != "" && from.Wiki != f.from {
			continue
		}
		for t, set := range from.Edges.Sets() {
			for _, id := range set {
				u := use{kind: t, page: tables.PageKey{Wiki: from.Wiki, ID: id}}
				if (f.kind == "" || f.kind == u.kind.String()) && (after == nil || u.compare(*after) > 0) {
					all = append(all, u)
				}
			}
		}
	}
	slices.SortFunc(all, use.compare)
	if l.full(len(all)) && len(all) > l.n {
		all = all[:l.n]
		d.Next = all[l.n-1].cursor()
	}
	d.listed, d.Pages = all, map[string]map[string][]int64{}
	for _, u := range all {
		kind := u.kind.String()
		if d.Pages[kind] == nil {
			d.Pages[kind] = map[string][]int64{}
		}
		d.Pages[kind][u.page.Wiki] = append(d.Pages[kind][u.page.Wiki], u.page.ID)
	}
}

// name adds the titles.
func (d *dependentsAnswer) name(title titler) error {
	for i := range d.listed {
		u := &d.listed[i]
		var err error
		if u.title, err = title(u.page); err != nil {
			return err
		}
		if u.title == "" {
			continue
		}
		if d.Titles == nil {
			d.Titles = map[string]map[string]string{}
		}
		if d.Titles[u.page.Wiki] == nil {
			d.Titles[u.page.Wiki] = map[string]string{}
		}
		d.Titles[u.page.Wiki][strconv.FormatInt(u.page.ID, 10)] = u.title
	}
	return nil
}

// target reads an argument that names what links point at.
func (r *reader) target(arg string) (tables.Target, error) {
	if r.wiki != "" {
		t, err := r.title(arg)
		return tables.TitleTarget(t), err
	}
	t, err := tables.ParseTarget(arg)
	if err == nil && t.IsChunk() {
		err = errors.New("a chunk is part of its target: ask for that")
	}
	return t, usageError(err)
}

func dependentsText(uses *dependents.Uses, d *dependentsAnswer, w io.Writer) {
	fieldf(w, "target", "%s", d.Target)
	if d.Holder != 0 {
		fieldf(w, "page", "%d", d.Holder)
	}
	fieldf(w, "links", "%d", d.Count)
	for i := range uses.Sources {
		from := &uses.Sources[i]
		for t, set := range from.Edges.Sets() {
			fieldf(w, "links of "+from.Wiki, "%d %s", len(set), t)
		}
	}
	for _, u := range d.listed {
		fieldf(w, u.kind.String(), "%s\t%s", u.page, u.title)
	}
	if d.Next != "" {
		fieldf(w, "…", "more: --after %q", d.Next)
	}
}
