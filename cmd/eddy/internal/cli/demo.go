package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/demo"
	"github.com/eddystream/eddy/cmd/eddy/internal/deploy"
	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
)

// demoFlags are what eddy demo is told beyond the settings.
type demoFlags struct {
	seed   uint64
	pages  int
	keep   bool
	asJSON bool
}

func newDemo(w world) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See a cascade: an embedded broker, a generated wiki, a simulated renderer",
		Long: `Demo starts the embedded broker and all processors in this process, makes up a wiki
whose articles use templates that use templates, five levels deep, and lets a
simulated renderer answer every request. Then it edits a template of the third level
that much of the wiki uses and shows the cascade; and edits it once more where only
its own page shows it, which nobody else has to feel.

It takes some seconds and ends by itself; with --keep it goes on running, to be
queried.`,
		Example: `  eddy demo
  eddy demo --pages 20000 --seed 7 --keep`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := w.quietly().load(cmd)
			if err != nil {
				return err
			}
			return w.demo(cmd.Context(), s, f)
		},
	}
	fs := cmd.Flags()
	fs.Uint64Var(&f.seed, "seed", 1, "`number` that the wiki is made from")
	fs.IntVar(&f.pages, "pages", 5000, "`number` of articles")
	fs.BoolVar(&f.keep, "keep", false, "keep running, and print how to query it")
	fs.BoolVar(&f.asJSON, "json", false, "print the results as JSON")
	settings.BindPartitions(fs)
	settings.BindMemory(fs)
	return cmd
}

func (w world) demo(ctx context.Context, s settings.Settings, f demoFlags) (err error) {
	if f.pages < 1 {
		return usageError(fmt.Errorf("pages: %d is not positive", f.pages))
	}
	topo, _, err := pipeline(s)
	if err != nil {
		return err
	}
	cfg, err := w.config(s)
	if err != nil {
		return err
	}
	// The demo is by itself: what settings say of brokers, directories and workers is for others.
	cfg.Brokers, cfg.DataDir, cfg.TLS, cfg.SASL = nil, "", nil, nil
	cfg.Processors, cfg.InstanceID, cfg.Standby = nil, "", false
	on, err := deploy.Start(ctx, deploy.Config{Topology: topo, Run: cfg})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, on.Close()) }()
	d, err := demo.New(ctx, on, f.seed, f.pages)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := w.playDemo(ctx, d, f); err != nil || !f.keep {
		return err
	}
	return w.keepDemo(ctx, on)
}

// playDemo lets the wiki be made and edited.
func (w world) playDemo(ctx context.Context, d *demo.Demo, f demoFlags) error {
	say := func(format string, args ...any) {
		if !f.asJSON {
			_, _ = fmt.Fprintf(w.out, format+"\n", args...) // what cannot be said is not missed
		}
	}
	say("a wiki of %d pages, made from seed %d", d.Pages(), f.seed)
	bar := w.progress("first renderings", d.Pages())
	start := time.Now()
	if err := d.Load(ctx, bar.Set); err != nil {
		return err
	}
	bar.Done()
	say("every page rendered once, in %s", round(time.Since(start)))

	var results []*demo.Result
	for _, hidden := range []bool{false, true} {
		planned, title, err := d.Planned(ctx)
		if err != nil {
			return err
		}
		if hidden {
			say("\nedit of %s inside <noinclude>: others do not see it", title)
		} else {
			say("\nedit of %s, which %d pages depend on", title, planned)
		}
		asked := planned + 1
		if hidden {
			asked = 1 // the page itself
		}
		bar := w.progress("asked", asked)
		r, err := d.Edit(ctx, hidden, bar.Set)
		if err != nil {
			return err
		}
		bar.Done()
		results = append(results, r)
		sayResult(say, r)
	}
	if f.asJSON {
		return json.NewEncoder(w.out).Encode(map[string]any{"pages": d.Pages(), "seed": f.seed, "edits": results})
	}
	return nil
}

func sayResult(say func(string, ...any), r *demo.Result) {
	depths := make([]string, 0, len(r.Tally.Depths))
	for depth, n := range r.Tally.Depths {
		if depth == 0 {
			depths = append(depths, fmt.Sprintf("%d itself", n))
			continue
		}
		depths = append(depths, fmt.Sprintf("%d at depth %d", n, depth))
	}
	say("  requested  %d: %s", r.Tally.Requested, strings.Join(depths, ", "))
	say("  rendered   %d, of which %d look different now", r.Tally.Rendered, r.Tally.Changed)
	say("  skipped    %d, rendered since the change anyway", r.Tally.Skipped)
	if r.Tally.Requested > 0 {
		say("  time       first request after %s, last after %s, all rendered after %s", round(r.First), round(r.Asked), round(r.Done))
	}
	say("  stale      %d of all pages", r.Stale)
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}

// keepDemo waits for the user, who is told what can be asked.
func (w world) keepDemo(ctx context.Context, on *deploy.Deployment) error {
	brokers := strings.Join(on.Config.Brokers, ",")
	_, err := fmt.Fprintf(w.out, `
running until interrupted; ask in another terminal:
  eddy query dependents --brokers %[1]s --wiki %[2]s "Template:Level 3-1"
  eddy query page --brokers %[1]s %[2]s:1
  eddy plan --brokers %[1]s --wiki %[2]s "Template:Level 5-1"
`, brokers, demo.Name)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-on.Ended():
		return errors.New("the pipeline ended")
	}
}
