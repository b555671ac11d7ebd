package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
	"github.com/eddystream/eddy/topology"
)

// reader is what the commands that read tables have in common.
type reader struct {
	w      world
	wiki   string
	wait   bool
	asJSON bool
	ids    bool // no titles beside the ids of pages

	// Set by open.
	cfg   topology.Config
	sites *tables.Sites
}

// patience is how long a query waits for its view to recover if it is not told to wait.
const patience = 2 * time.Second

func newQuery(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "query",
		Short: "Ask the tables: pages, titles, links, dependents, requests, cascades",
		Long: `Query reads rows through a view of their table. A view answers only when it has
recovered: a query gives it 2 seconds and then ends with exit code 5; with --wait it
waits as long as it takes. What is not there ends with exit code 4.

Lists (pages, titles, requests, cascades) print a line a row, of columns with tabs between
them, or with --json of JSON. Where --limit ends a list, it says behind which cursor the
next one begins: --after.

Pages are named by key (enwiki:736), titles by key (enwiki:10:Infobox_person) or, with
--wiki, as a reader writes them (--wiki enwiki "Template:Infobox person").`,
		Example: `  eddy query page enwiki:736
  eddy query dependents --wiki enwiki "Template:Infobox person" --json
  eddy query cascades --open`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newQueryPage(w), newQueryPages(w), newQueryTitle(w), newQueryTitles(w), newQueryLinks(w), newQueryDependents(w),
		newQueryRequests(w), newQueryCascade(w), newQueryCascades(w),
	)
	return cmd
}

// bind adds the flags of a reader.
func (r *reader) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&r.wiki, "wiki", "", "`name` of the wiki that a title or page id is of")
	fs.BoolVar(&r.wait, "wait", false, "wait until the table has been read, however long that takes")
	fs.BoolVar(&r.asJSON, "json", false, "print as JSON")
	settings.BindConnection(fs)
	settings.BindWiki(fs)
}

// bindIDs adds the flag of a reader that says the titles of pages.
func (r *reader) bindIDs(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&r.ids, "ids", false, "print no titles beside the ids of pages: one table less is read")
}

// open reads the settings.
func (r *reader) open(cmd *cobra.Command) error {
	w := r.w.quietly()
	s, err := w.load(cmd)
	if err != nil {
		return err
	}
	if len(s.Brokers) == 0 {
		return usageError(errNoBrokers)
	}
	if r.sites, err = loadSites(s, nil); err != nil {
		return err
	}
	r.cfg, err = w.config(s)
	return err
}

// writer makes documents of rows.
func (r *reader) writer() documents.Writer { return documents.Writer{Sites: r.sites} }

// page reads an argument that names a page.
func (r *reader) page(arg string) (tables.PageKey, error) {
	if id, err := strconv.ParseInt(arg, 10, 64); err == nil && r.wiki != "" {
		return tables.PageKey{Wiki: r.wiki, ID: id}, nil
	}
	key, err := tables.ParsePageKey(arg)
	return key, usageError(err)
}

// title reads an argument that names a title.
func (r *reader) title(arg string) (tables.Title, error) {
	if r.wiki == "" {
		t, err := tables.ParseTitle(arg)
		if err != nil {
			err = fmt.Errorf("%w (with --wiki, a title is written as readers do)", err)
		}
		return t, usageError(err)
	}
	site, err := r.sites.Site(r.wiki)
	if err != nil {
		return tables.Title{}, usageError(err)
	}
	t, err := site.Parse(arg)
	return t, usageError(err)
}

// errNotReady ends a query whose view has not recovered.
var errNotReady = coded(exitNotReady, errors.New("the table has not been read yet: ask again, or with --wait"))

// within runs read when the view has recovered, or refuses.
func within[K, V any](ctx context.Context, r *reader, table topology.Table[K, V], read func(*topology.View[K, V]) error) error {
	return replay.WithView(ctx, r.cfg, table, func(ctx context.Context, v *topology.View[K, V]) error {
		var refuse <-chan time.Time
		if !r.wait {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			refuse = timer.C
		}
		select {
		case <-v.Recovered():
			return read(v)
		case <-refuse:
			return errNotReady
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// lookUp prints the document of one row, or its text.
func lookUp[K, V, D any](ctx context.Context, r *reader, table topology.Table[K, V], key K,
	document func(K, V) (D, error), text func(D, io.Writer),
) error {
	return within(ctx, r, table, func(v *topology.View[K, V]) error {
		row, ok, err := v.Get(key)
		if err != nil {
			return err
		}
		if !ok {
			return notKnown(key)
		}
		d, err := document(key, row)
		if err != nil {
			return err
		}
		return show(r, d, func(out io.Writer) { text(d, out) })
	})
}

// notKnown ends a query for a key that has no row.
func notKnown(key any) error {
	return coded(exitNotFound, fmt.Errorf("nothing is known of %q", fmt.Sprint(key)))
}

// show prints a document as JSON, or as text in columns.
func show(r *reader, document any, text func(io.Writer)) error {
	if r.asJSON {
		return encode(r.w.out, document)
	}
	var b strings.Builder
	columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	text(columns)
	if err := columns.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(r.w.out, b.String())
	return err
}

// fieldf prints one line of a text.
func fieldf(w io.Writer, name, format string, args ...any) {
	_, _ = fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) // into memory
}
