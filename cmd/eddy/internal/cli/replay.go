package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/deploy"
	"github.com/eddystream/eddy/cmd/eddy/internal/embedded"
	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// replayFlags are what eddy replay is told beyond the settings.
type replayFlags struct {
	settle   bool
	feedOnly bool
	onError  string
	letters  string
	out      string
	asJSON   bool
}

func newReplay(w world) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay FILE…",
		Short: "Run files of events through the whole pipeline and write what it asked for",
		Long: `Replay feeds files of events, one JSON event a line (plain, .gz or .zst; - is the
standard input), through all processors: on the embedded broker, or with --brokers
on a cluster. A file begins when the one before has come to rest. It ends when
nothing is in flight, and prints a summary.

Within a file events are fed at full speed, or with --settle so that each change is
done before the next one: at rest before each page change, and before the first
render event of a page other than the changed ones.

With --out it writes, in a fixed order, requests.ndjson, cascades.ndjson and
tables/<name>.ndjson.`,
		Example: `  eddy replay --settle --out result events.ndjson.zst
  eddy replay --siteinfo ltgwiki.json --on-error skip history.ndjson.gz today.ndjson
  eddy replay --brokers localhost:9092 --feed-only events.ndjson`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			load := w.quietly().loadWhole
			if f.feedOnly {
				load = w.quietly().load
			}
			s, err := load(cmd)
			if err != nil {
				return err
			}
			return w.replay(cmd.Context(), s, f, files)
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&f.settle, "settle", false, "let each change come to rest before the next")
	fs.BoolVar(&f.feedOnly, "feed-only", false, "feed a cluster whose workers run elsewhere (needs --brokers)")
	fs.StringVar(&f.onError, "on-error", string(replay.Stop), "what to do with an event that cannot be used: skip, stop or dead-letter")
	fs.StringVar(&f.letters, "dead-letters", "dead-letters.ndjson", "`file` for dead letters: the line, where it stands, what is wrong")
	fs.StringVarP(&f.out, "out", "o", "", "`directory` for the requests, cascades and tables")
	fs.BoolVar(&f.asJSON, "json", false, "print the summary as JSON")
	settings.BindConnection(fs)
	settings.BindTopics(fs)
	settings.BindData(fs, "`directory` that keeps stores and the embedded broker's data (default: all in memory)")
	settings.BindWiki(fs)
	settings.BindWikiMap(fs)
	settings.BindMemory(fs)
	return cmd
}

// replay runs the command.
func (w world) replay(ctx context.Context, s settings.Settings, f replayFlags, files []string) (err error) {
	policy, err := replay.ParsePolicy(f.onError)
	if err != nil {
		return usageError(fmt.Errorf("on-error: %w", err))
	}
	if f.feedOnly && len(s.Brokers) == 0 {
		return usageError(errNoBrokers)
	}
	cfg, err := w.config(s)
	if err != nil {
		return err
	}
	names, err := s.WikiNames()
	if err != nil {
		return usageError(err)
	}
	s.ClockSkew = 0                                  // the events of files have one clock
	o := processors.Options{WitnessAfter: time.Hour} // a file loses nothing, however far one topic is ahead of another at full speed
	if f.settle {
		o.WitnessAfter = -1
	}
	topo, sites, err := pipelineWith(s, o)
	if err != nil {
		return err
	}
	tellAssumed(sites, s, cfg.Logger)
	if err := limitMemory(cfg); err != nil {
		return usageError(err)
	}
	if err := makeOut(f.out); err != nil {
		return err
	}
	to, cfg, end, err := destination(ctx, topo, cfg, f.feedOnly)
	if err != nil {
		return err
	}
	defer func() {
		switch ended := end(); {
		case errors.Is(ended, embedded.ErrStorage):
			err = ended // what else there is comes of it
		case !errors.Is(err, ended): // else it is what has been said
			err = errors.Join(err, ended)
		}
	}()

	before, err := replay.Here(ctx, cfg)
	if err != nil {
		return err
	}
	letters := deadLetters{path: f.letters}
	defer func() { err = errors.Join(err, letters.close()) }()
	progress := w.progress("replaying", 0)
	var dropped droppedLinks
	start := time.Now()
	counts, err := replay.Feed(ctx, to, files, replay.Options{
		Sites: sites, Wikis: names, Settle: f.settle, OnError: policy, Reject: letters.add, Dropped: dropped.add, Stdin: w.in,
		Progress: func(c replay.Counts) { progress.Set(c.Events + c.Rejected) },
	})
	took := time.Since(start)
	progress.Done()
	switch {
	case err == nil:
	case !errors.Is(err, replay.ErrInput) || ctx.Err() != nil:
		return err
	case policy == replay.Stop || counts.Files == 0 && counts.Events == 0:
		return coded(exitInput, err)
	default: // some of a file could not be read; what came of the rest is told first
		defer func(unread error) { err = errors.Join(coded(exitInput, unread), err) }(err)
	}
	return w.report(ctx, cfg, f, sites, before, replaySummary{Counts: counts, droppedLinks: dropped, Seconds: took.Seconds(), Out: f.out})
}

// report collects what came of a replay, writes it out and sums it up.
func (w world) report(ctx context.Context, cfg topology.Config, f replayFlags, sites *tables.Sites, before replay.Position, sum replaySummary) error {
	after, err := replay.Here(ctx, cfg)
	if err != nil {
		return err
	}
	outcome, err := replay.Collect(ctx, cfg, before, after)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := writeOutcome(ctx, cfg, f.out, sites, outcome); err != nil {
			return err
		}
	}
	sum.Totals = outcome.Totals()
	return sum.print(w.out, f.asJSON)
}

// destination is where events go: a pipeline started here, or workers elsewhere. It returns the configuration with the
// brokers in it, and what ends it.
func destination(ctx context.Context, topo *topology.Topology, cfg topology.Config, feedOnly bool) (
	to replay.Pipeline, with topology.Config, end func() error, err error,
) {
	if !feedOnly {
		d, err := deploy.Start(ctx, deploy.Config{Topology: topo, Run: cfg})
		if err != nil {
			return nil, cfg, nil, err
		}
		return replay.ToApp(d.App), d.Config, d.Close, nil
	}
	cfg.InMemory = true
	if err := topology.CreateTopics(ctx, topo, cfg); err != nil {
		return nil, cfg, nil, err
	}
	p, err := topology.OpenProducer(cfg)
	if err != nil {
		return nil, cfg, nil, err
	}
	return replay.ToWorkers(p, topo, cfg), cfg, p.Close, nil
}
