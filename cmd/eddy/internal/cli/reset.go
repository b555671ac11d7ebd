package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/topology"
)

func newReset(w world) *cobra.Command {
	var to string
	var lost, dry bool
	cmd := &cobra.Command{
		Use:   "reset --brokers HOST:PORT,… [PROCESSOR…]",
		Short: "Have processors begin anew, or give up what is lost",
		Long: `Reset deletes the tables of the processors, their loops and the topics between them,
makes them again, and has the consumer groups begin at the oldest record of the
other inputs, or at --to. All workers must be stopped. Processors that are named
are reset together with those that write what they read, or not at all.

With --lost it keeps the tables: it only moves committed offsets that the topics
do not have any more, and takes tables that have become shorter as they are. Look
first whether a worker has a copy of what is missing ('eddy restore').`,
		Example: `  eddy reset --brokers kafka:9092 --dry-run
  eddy reset --brokers kafka:9092 --lost pages`,
		RunE: func(cmd *cobra.Command, names []string) error {
			at, err := parseStart(to)
			if err != nil {
				return usageError(err)
			}
			topo, cfg, err := w.cluster(cmd)
			if err != nil {
				return err
			}
			return topology.Reset(cmd.Context(), topo, cfg, topology.RepairOptions{
				Processors: names, To: at, KeepState: lost, DryRun: dry, Say: w.say(dry),
			})
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&to, "to", "oldest", "where inputs begin: oldest, newest, or a time such as 2026-01-31T12:00:00Z")
	fs.BoolVar(&lost, "lost", false, "keep the tables, and only give up what is lost")
	fs.BoolVar(&dry, "dry-run", false, "only say what would be done")
	settings.BindConnection(fs)
	settings.BindTopics(fs)
	return cmd
}

// parseStart reads a place in a stream.
func parseStart(text string) (topology.Start, error) {
	switch text {
	case "oldest":
		return topology.Oldest, nil
	case "newest":
		return topology.Newest, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return topology.Start{}, fmt.Errorf("to: %q is not oldest, newest or a time such as 2026-01-31T12:00:00Z", text)
	}
	return topology.Since(t), nil
}

// say prints the steps of a repair.
func (w world) say(dry bool) func(string) {
	return func(step string) {
		if dry {
			step = "would be done: " + step
		}
		_, _ = fmt.Fprintln(w.out, step)
	}
}

// cluster is the pipeline and the configuration of a command that works on a cluster.
func (w world) cluster(cmd *cobra.Command) (*topology.Topology, topology.Config, error) {
	s, err := w.load(cmd)
	if err != nil {
		return nil, topology.Config{}, err
	}
	if len(s.Brokers) == 0 {
		return nil, topology.Config{}, usageError(errNoBrokers)
	}
	topo, _, err := pipelineWith(s, processors.Options{Intake: &processors.Intake{}})
	if err != nil {
		return nil, topology.Config{}, err
	}
	cfg, err := w.config(s)
	if s.DataDir != "" {
		cfg.DataDir = filepath.Clean(s.DataDir)
	}
	return topo, cfg, err
}

func newRestore(w world) *cobra.Command {
	var fromLocal, dry bool
	cmd := &cobra.Command{
		Use:   "restore --from-local --brokers HOST:PORT,… --data DIR [PROCESSOR…]",
		Short: "Write tables again from a worker's disk",
		Long: `Restore writes the tables of the processors again from the local store in a worker's
data directory, where their topics are gone, were emptied, or have less than the
groups have committed. All workers must be stopped. Run it for the data directory
of each worker: what a directory does not have is said, and left alone.`,
		Example: `  eddy restore --from-local --brokers kafka:9092 --data /var/lib/eddy --dry-run`,
		RunE: func(cmd *cobra.Command, names []string) error {
			if !fromLocal {
				return usageError(errors.New("from where? Give --from-local"))
			}
			topo, cfg, err := w.cluster(cmd)
			if err != nil {
				return err
			}
			if cfg.DataDir == "" {
				return usageError(errors.New("which worker's disk? Give --data DIR"))
			}
			return topology.RestoreTables(cmd.Context(), topo, cfg, topology.RepairOptions{Processors: names, DryRun: dry, Say: w.say(dry)})
		},
	}
	fs := cmd.Flags()
	fs.BoolVar(&fromLocal, "from-local", false, "write what is in the local store of --data")
	fs.BoolVar(&dry, "dry-run", false, "only say what would be done")
	settings.BindConnection(fs)
	settings.BindTopics(fs)
	settings.BindData(fs, "data `directory` of the worker (required)")
	return cmd
}
