package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/cmd/eddy/internal/bench"
	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
)

func newBench(w world) *cobra.Command {
	var pages, small, repeats int
	var workload string
	var seed uint64
	var asJSON, worker, unpacked bool
	var profiles bench.Profiles
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the pipeline on a generated wiki",
		Long: `Bench fills the topics with the events of a generated wiki, about 20 links a page and
templates five levels deep, and measures: the edges a second until all is processed
and committed; the requests a second of one cascade over nearly all pages; the time
from edit to request of small cascades; the size of the dependents table and how fast
it is recovered; memory; and beside them the rate of a plain producer of the same
records. A cascade that asks for too many or too few pages, for a page twice, or beside
another cascade, is an error.

It runs on the embedded broker, in memory and in the same process, or with --brokers
on a cluster whose topics must be empty. The pipeline is in the same process, too, or
with --worker in one of its own, as eddy run, whose memory alone is then measured.`,
		Example: `  eddy bench --pages 100000
  eddy bench --pages 1000000 --brokers localhost:9092 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := w.quietly()
			s, err := w.loadWhole(cmd)
			if err != nil {
				return err
			}
			for _, n := range []struct {
				name  string
				value int
			}{{"pages", pages}, {"repeats", repeats}, {"small", small}} {
				if n.value < 1 {
					return usageError(fmt.Errorf("--%s %d is not positive", n.name, n.value))
				}
			}
			topo, _, err := pipeline(s)
			if err != nil {
				return err
			}
			cfg, err := w.config(s)
			if err != nil {
				return err
			}
			if worker && (len(cfg.Brokers) == 0 || unpacked || profiles != bench.Profiles{}) {
				return usageError(errors.New("--worker needs --brokers, and goes with neither --unpacked nor profiles"))
			}
			if err := limitMemory(cfg); err != nil {
				return usageError(err)
			}
			cfg.Unpacked = unpacked
			r, err := bench.Run(cmd.Context(), bench.Options{
				Topology: topo, Run: cfg, Pages: pages, Seed: seed, Workload: workload, Repeats: repeats, Small: small, Worker: w.benchWorker(cmd, worker),
				Step: func(what string) { cfg.Logger.Info(what) }, Profiles: profiles,
			})
			if err != nil {
				if workload != "" {
					err = fmt.Errorf("bench of workload %s: %w", workload, err)
					if errors.Is(err, bench.ErrWorkload) {
						err = coded(exitInput, err)
					}
					return err
				}
				return fmt.Errorf("bench of %d pages, seed %d: %w", pages, seed, err)
			}
			if asJSON {
				return json.NewEncoder(w.out).Encode(r)
			}
			return r.Text(w.out)
		},
	}
	fs := cmd.Flags()
	fs.IntVar(&pages, "pages", 100_000, "`number` of articles")
	fs.Uint64Var(&seed, "seed", 1, "`number` that the wiki is made from")
	fs.StringVar(&workload, "workload", "", "`prefix` of the files of a wiki to take in the place of a generated one: PREFIX.ndjson.zst, .edits.ndjson and .json")
	fs.IntVar(&repeats, "repeats", 1, "`number` of times to run the big cascade")
	fs.IntVar(&small, "small", 200, "`number` of small cascades to time")
	fs.BoolVar(&asJSON, "json", false, "print as JSON")
	fs.BoolVar(&worker, "worker", false, "with --brokers: run the pipeline in a process of its own")
	fs.BoolVar(&unpacked, "unpacked", false, "send the messages of packed streams one by one, to see what packs are worth")
	fs.StringVar(&profiles.CPU, "cpuprofile", "", "`file` for a CPU profile of the run, for go tool pprof")
	fs.StringVar(&profiles.Heap, "memprofile", "", "`file` for a heap profile, taken after the cascades")
	fs.StringVar(&profiles.Trace, "trace", "", "`file` for an execution trace of the cascades, for go tool trace")
	settings.BindConnection(fs)
	settings.BindTopics(fs)
	settings.BindData(fs, "`directory` for a temporary folder of local stores (default the system's)")
	settings.BindMemory(fs)
	settings.BindProcessing(fs)
	return cmd
}

// benchWorker returns how a worker is started that has the settings of a bench; nil: the pipeline is to run in this process.
func (w world) benchWorker(cmd *cobra.Command, wanted bool) func(ctx context.Context, dir string) *exec.Cmd {
	if !wanted {
		return nil
	}
	known := newRun(w).Flags()
	args := []string{"run"}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name == "data" || known.Lookup(f.Name) == nil && cmd.InheritedFlags().Lookup(f.Name) == nil {
			return
		}
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		args = append(args, "--"+f.Name+"="+value)
	})
	if f := cmd.Flag("log-level"); f != nil && !f.Changed {
		args = append(args, "--log-level=warn")
	}
	return func(ctx context.Context, dir string) *exec.Cmd {
		worker := exec.CommandContext(ctx, os.Args[0], append(args, "--data="+dir)...) //nolint:gosec // this program
		worker.Env, worker.Stdout, worker.Stderr = w.environ, w.err, w.err
		return worker
	}
}
