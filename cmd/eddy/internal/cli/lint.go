package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

func newLint(w world) *cobra.Command {
	l := &lint{w: w}
	cmd := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Say of each event of a file whether it can be used, and why not",
		Long: `Lint reads files of events, one JSON event a line (plain, .gz or .zst; - is the standard
input), and prints a line for each: where it stands, and what it is or why it cannot be
used. It judges as a worker does of what is sent to incoming-page-changes and
incoming-renders, and sends nothing. doc/INPUTS.md says what events have to be like.

Exit code 3: there is an event that cannot be used.`,
		Example: `  eddy lint events.ndjson.zst
  eddy lint --quiet --siteinfo ltgwiki.json history.ndjson.gz
  kcat -C -e -b localhost:9092 -t my-renders | eddy lint -`,
		Args: cobra.MinimumNArgs(1),
		RunE: l.run,
	}
	fs := cmd.Flags()
	fs.BoolVarP(&l.quiet, "quiet", "q", false, "print only the events that cannot be used")
	fs.BoolVar(&l.asJSON, "json", false, "print as JSON, a line for each event")
	settings.BindWiki(fs)
	return cmd
}

// lint is one run of the command.
type lint struct {
	w             world
	quiet, asJSON bool
	sites         *tables.Sites
	out           *bufio.Writer
	good, bad     int
}

// verdict is what is said of an event.
type verdict struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	OK    bool   `json:"ok"`
	Event string `json:"event,omitempty"` // "page change", "render", "canary"
	Page  string `json:"page,omitempty"`
	Error string `json:"error,omitempty"`
}

func (l *lint) run(cmd *cobra.Command, files []string) error {
	s, err := l.w.quietly().load(cmd)
	if err != nil {
		return err
	}
	if l.sites, err = loadSites(s.SiteInfo); err != nil {
		return err
	}
	l.out = bufio.NewWriter(l.w.out)
	for _, file := range files {
		if err := l.file(cmd, file); err != nil {
			return errors.Join(err, l.out.Flush())
		}
	}
	if err := l.out.Flush(); err != nil {
		return err
	}
	if l.bad > 0 {
		return coded(exitInput, fmt.Errorf("%d of %d events cannot be used", l.bad, l.good+l.bad))
	}
	return nil
}

func (l *lint) file(cmd *cobra.Command, name string) (err error) {
	r := events.NewReader("-", cmd.InOrStdin())
	if name != "-" {
		if r, err = events.Open(name); err != nil {
			if errors.Is(err, events.ErrFile) {
				err = coded(exitInput, err)
			}
			return err
		}
	}
	defer r.Close()
	for ev, err := range r.Events() {
		if _, ok := errors.AsType[*events.LineError](err); err != nil && !ok {
			return coded(exitInput, err)
		}
		if err := errors.Join(cmd.Context().Err(), l.say(l.judge(&ev, err))); err != nil {
			return err
		}
	}
	return nil
}

// judge says what becomes of an event; err is what the reader said of it.
func (l *lint) judge(ev *events.Event, err error) verdict {
	v := verdict{File: ev.File, Line: ev.Line}
	switch {
	case errors.Unwrap(err) != nil:
		err = errors.Unwrap(err) // file and line stand beside it
		if events.CanaryJSON(ev.Raw) {
			v.OK, v.Event = true, "canary"
			return v
		}
	case ev.Change != nil && ev.Change.Meta.Canary() || ev.Render != nil && ev.Render.Meta.Canary():
		v.OK, v.Event = true, "canary"
		return v
	case ev.Change != nil:
		v.Event, v.Page = "page change", tables.PageKey{Wiki: ev.Change.Wiki, ID: ev.Change.Page.ID}.String()
		if err = processors.AcceptChange(l.sites, ev.Change); err == nil {
			err = sendable(tables.PageChanges, *ev.Change)
		}
	default:
		v.Event, v.Page = "render", tables.PageKey{Wiki: ev.Render.Wiki, ID: ev.Render.Page.ID}.String()
		if err = processors.AcceptRender(l.sites, ev.Render); err == nil {
			err = sendable(tables.Renders, *ev.Render)
		}
	}
	if v.OK = err == nil; !v.OK {
		v.Error = err.Error()
	}
	return v
}

// maxEvent bounds an event as it is sent on, with its key.
const maxEvent = 1_000_000

// sendable checks that an event can be sent to where the pipeline reads it.
func sendable[E any](to topology.Stream[tables.PageKey, E], ev E) error {
	value, err := to.ValueCodec().Encode(ev)
	if err == nil && len(value) > maxEvent-100 { // no key has more
		err = fmt.Errorf("%w: it has %d bytes as it is sent to %s, and at most %d are possible", topology.ErrTooLarge, len(value), to.Topic(), maxEvent)
	}
	return err
}

func (l *lint) say(v verdict) error {
	if v.OK {
		if l.good++; l.quiet {
			return nil
		}
	} else {
		l.bad++
	}
	if l.asJSON {
		enc := json.NewEncoder(l.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	says := v.Error
	switch {
	case v.OK && v.Page == "":
		says = v.Event + ", dropped"
	case v.OK:
		says = v.Event + " of " + v.Page
	}
	_, err := io.WriteString(l.out, fmt.Sprintf("%s:%d: %s: %s\n", v.File, v.Line, word(v.OK), says))
	return err
}

func word(ok bool) string {
	if ok {
		return "ok"
	}
	return "bad"
}
