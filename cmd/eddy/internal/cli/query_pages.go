package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/tables"
)

func newQueryPages(w world) *cobra.Command {
	r, l := &reader{w: w}, &limit{}
	var namespace int32
	var dead bool
	cmd := &cobra.Command{
		Use:   "pages",
		Short: "List pages",
		Long: `Pages prints a line for each page, in the order of their keys as texts: key, title, state,
revision, and time of the last change. The cursor of a list is the key in its last line.`,
		Example: `  eddy query pages --brokers kafka:9092 --wiki enwiki --namespace 10
  eddy query pages --brokers kafka:9092 --limit 0 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			everywhere := !cmd.Flags().Changed("namespace")
			return list(cmd.Context(), r, l, tables.Pages, r.prefix(), func(out *lines, key tables.PageKey, row *tables.PageRow) (bool, error) {
				if key.String() <= l.after || !everywhere && row.Name.Namespace != namespace || dead && row.Live {
					return true, nil
				}
				p, err := r.writer().Page(key, row)
				if err != nil {
					return false, err
				}
				return out.add(p.Page, p, p.Page, spell([]byte(p.PageTitle)), state(p.Live), strconv.FormatInt(p.Rev, 10), p.DT)
			})
		},
	}
	r.bind(cmd)
	l.bind(cmd, "pages", pageSize)
	cmd.Flags().Int32Var(&namespace, "namespace", 0, "only pages in the namespace of this `number`")
	cmd.Flags().BoolVar(&dead, "dead", false, "only pages that were deleted")
	return cmd
}

func newQueryTitles(w world) *cobra.Command {
	r, l := &reader{w: w}, &limit{}
	var prefix string
	cmd := &cobra.Command{
		Use:   "titles",
		Short: "List titles, and which pages they mean",
		Long: `Titles prints a line for each title that a page has or had, in the order of their keys:
key, title, and the id of the page that has it, or -. The cursor of a list is the key in
its last line.`,
		Example: `  eddy query titles --brokers kafka:9092 --prefix enwiki:10:Infobox
  eddy query titles --brokers kafka:9092 --wiki enwiki --after enwiki:0:Paris --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			if prefix != "" && r.wiki != "" {
				return usageError(fmt.Errorf("--prefix %q begins with the wiki: leave --wiki out", prefix))
			}
			return list(cmd.Context(), r, l, tables.Titles, r.prefix()+prefix, func(out *lines, key tables.Title, row *tables.TitleRow) (bool, error) {
				if key.String() <= l.after {
					return true, nil
				}
				t, err := r.writer().Title(key, row)
				if err != nil {
					return false, err
				}
				holder := "-"
				if t.Holder != nil {
					holder = strconv.FormatInt(*t.Holder, 10)
				}
				return out.add(t.Title, t, t.Title, spell([]byte(t.PageTitle)), holder)
			})
		},
	}
	r.bind(cmd)
	l.bind(cmd, "titles", pageSize)
	cmd.Flags().StringVar(&prefix, "prefix", "", "`beginning` of the keys of the titles")
	return cmd
}

// prefix is what the keys of the wiki begin with.
func (r *reader) prefix() string {
	if r.wiki == "" {
		return ""
	}
	return r.wiki + ":"
}
