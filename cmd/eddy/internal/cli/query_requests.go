package cli

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
)

// requestDocument is a page that a cascade asked for.
type requestDocument struct {
	Page      string            `json:"page"` // its key
	PageTitle string            `json:"page_title,omitempty"`
	Cascade   tables.CascadeID  `json:"cascade"`
	Root      documents.Titled  `json:"root"`
	Kind      tables.ChangeKind `json:"kind"`
	DT        string            `json:"dt"`   // of the change; it, root and kind are empty of a cascade that is forgotten
	Open      bool              `json:"open"` // waited for
	asked     tables.PageKey
}

// cursor is the place of a request in a list.
func (d *requestDocument) cursor() string { return d.Page + "/" + string(d.Cascade) }

// pageRequests is what eddy query requests PAGE prints as JSON.
type pageRequests struct {
	Page     string             `json:"page"`
	Rendered string             `json:"rendered,omitempty"` // start of the newest rendering
	Dead     bool               `json:"dead,omitempty"`
	Requests []*requestDocument `json:"requests"`
}

func newQueryRequests(w world) *cobra.Command {
	r, l, f := &reader{w: w}, &limit{}, &cascadeFilter{}
	var cascade string
	cmd := &cobra.Command{
		Use:   "requests [PAGE]",
		Short: "Which pages were asked for, by which cascades, and were not rendered yet",
		Long: `Requests prints for a page when it was rendered last, and the cascades that asked for it.
Without a page it prints a line for each page and cascade: page, title, cascade, the title
that changed, time of the change, and open or done. The cursor of a list is page and
cascade of its last line, PAGE/CASCADE. Of cascades that have ended, the newest are known.`,
		Example: `  eddy query requests --brokers kafka:9092 enwiki:736
  eddy query requests --brokers kafka:9092 --open --cascade 9c1d3f0a5b7e2846 --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.open(cmd); err != nil {
				return err
			}
			if err := f.read(r); err != nil {
				return err
			}
			if cascade != "" {
				if _, err := tables.ParseCascadeID(cascade); err != nil {
					return usageError(err)
				}
			}
			meant := func(d *requestDocument, c *tables.Cascade) bool {
				return (c == nil && f.root == nil || c != nil && f.of(r, c)) && (cascade == "" || string(c.ID) == cascade) && (!f.open || d.Open)
			}
			if len(args) > 0 {
				key, err := r.page(args[0])
				if err != nil {
					return err
				}
				return r.requestsOf(cmd, key, meant)
			}
			after, err := readCursor(l.after)
			if err != nil {
				return err
			}
			return r.withTitles(cmd.Context(), func(title titler) error {
				return r.withRequests(cmd.Context(), func(q *requestReader) error { return q.list(cmd.Context(), l, after, title, meant) })
			})
		},
	}
	r.bind(cmd)
	r.bindIDs(cmd)
	l.bind(cmd, "requests", pageSize)
	f.bind(cmd)
	cmd.Flags().BoolVar(&f.open, "open", false, "only those that were not answered")
	cmd.Flags().StringVar(&cascade, "cascade", "", "only those of the cascade with this `id`")
	return cmd
}

// readCursor reads PAGE/CASCADE; nil is none.
func readCursor(text string) (*requestDocument, error) {
	if text == "" {
		return nil, nil
	}
	page, cascade, _ := strings.Cut(text, "/")
	key, err := tables.ParsePageKey(page)
	if err != nil {
		return nil, usageError(fmt.Errorf("after: %w", err))
	}
	return &requestDocument{Page: page, Cascade: tables.CascadeID(cascade), asked: key}, nil
}

func compareRequests(a, b *requestDocument) int {
	return cmp.Or(cmp.Compare(a.asked.ID, b.asked.ID), cmp.Compare(a.Cascade, b.Cascade))
}

// requestsOf prints what is known of one page.
func (r *reader) requestsOf(cmd *cobra.Command, key tables.PageKey, meant meantRequest) error {
	return r.withRequests(cmd.Context(), func(q *requestReader) error {
		chunk, err := q.chunks.Load(key.Chunk())
		if err != nil {
			return err
		}
		d := pageRequests{Page: key.String(), Requests: []*requestDocument{}}
		page := chunk.Page(byte(key.ID))
		if page != nil {
			d.Dead = page.Dead
			if page.Start != 0 {
				d.Rendered = replay.Time(page.Start)
			}
		}
		all, err := q.requests(chunk, meant)
		if err != nil {
			return err
		}
		for _, request := range all {
			if request.asked == key {
				d.Requests = append(d.Requests, request)
			}
		}
		if page == nil && len(d.Requests) == 0 {
			return coded(exitNotFound, fmt.Errorf("nothing is known of renderings of %q", key))
		}
		return show(r, d, func(out io.Writer) {
			fieldf(out, "page", "%s", d.Page)
			fieldf(out, "rendered", "%s", cmp.Or(d.Rendered, "never"))
			if d.Dead {
				fieldf(out, "state", "dead")
			}
			fieldf(out, "requests", "%s", strconv.Itoa(len(d.Requests)))
			for _, request := range d.Requests {
				state := "done"
				if request.Open {
					state = "open"
				}
				fieldf(out, string(request.Cascade), "%s, %s of %s at %s", state, request.Kind, request.Root.PageTitle, request.DT)
			}
		})
	})
}
