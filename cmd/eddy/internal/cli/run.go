package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/cmd/eddy/internal/probe"
	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/topology"
)

func newRun(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run --brokers HOST:PORT,… --data DIR",
		Short: "Run a worker: all processors, or those named, until it is interrupted",
		Long: `Run joins the consumer groups of the processors and works on the partitions that it
is given, until SIGINT or SIGTERM: then it finishes what it began, gives its
partitions up and ends with 0. Start as many workers as there are machines; the
topics are created when they are missing.

Local stores in the data directory may be lost: they are built again from Kafka.
Two workers on one machine need two directories.`,
		Example: `  eddy run --brokers kafka1:9092,kafka2:9092 --data /var/lib/eddy
  eddy run --brokers localhost:9092 --data /var/lib/eddy-2 --processors dependents,requests
  EDDY_SASL_PASSWORD=… eddy run --config /etc/eddy.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := w.load(cmd)
			if err != nil {
				return err
			}
			if len(s.Brokers) == 0 {
				return usageError(errNoBrokers)
			}
			if s.DataDir == "" {
				return usageError(errors.New("where are local stores to be kept? Give --data DIR"))
			}
			return w.work(cmd.Context(), s)
		},
	}
	fs := cmd.Flags()
	settings.BindConnection(fs)
	settings.BindTopics(fs)
	settings.BindData(fs, "`directory` of the local stores (required)")
	settings.BindWiki(fs)
	settings.BindClocks(fs)
	settings.BindRegistry(fs)
	settings.BindWorker(fs)
	return cmd
}

// work runs a worker until ctx ends.
func (w world) work(ctx context.Context, s settings.Settings) error {
	cfg, err := w.config(s)
	if err != nil {
		return err
	}
	intake, schemas, err := openIntake(s)
	if err != nil {
		return err
	}
	defer schemas.Close()
	topo, _, err := pipelineWith(s, processors.Options{Intake: intake, Logger: cfg.Logger})
	if err != nil {
		return err
	}
	cfg.DataDir = filepath.Clean(s.DataDir)
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return err
	}
	app, err := topology.NewApp(topo, cfg)
	if err != nil {
		return usageError(err)
	}
	if err := limitMemory(cfg); err != nil {
		return usageError(err)
	}
	defer w.lastResort(ctx, s.DrainTimeout)()
	asked := ctx
	group, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	group.Go(func() error {
		defer stop()
		return app.Run(ctx)
	})
	if s.Health != "" {
		group.Go(func() error { return probe.Serve(ctx, s.Health, schemas.with(app.Health)) })
	}
	group.Go(func() error {
		if atWork(ctx, app) {
			cfg.Logger.Info("ready")
		}
		return nil
	})
	switch err := group.Wait(); {
	case err == nil, asked.Err() != nil && errors.Is(err, context.Canceled):
		cfg.Logger.Info("stopped")
		return nil
	case errors.Is(err, probe.ErrListen):
		return usageError(err)
	default:
		cfg.Logger.Error("stopped by an error", "error", err)
		if s.Log.JSON() {
			return &loggedError{err} // whoever reads the log reads JSON
		}
		return err
	}
}

// lookEvery is how often it is asked whether a worker that has recovered is at work.
const lookEvery = 20 * time.Millisecond

// atWork waits until the app is at work for the first time, and reports whether it ever was.
func atWork(ctx context.Context, app *topology.App) bool {
	select {
	case <-app.Ready():
	case <-ctx.Done():
		return false
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for app.Health() != nil {
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// beyondDrain is how long a worker may take to end after the time that it has to drain.
const beyondDrain = 5 * time.Second

// lastResort ends the process if it has not ended some time after it was asked to: whatever hangs then, a handler, a disk or a connection, would
// hang for ever. The returned function calls it off.
func (w world) lastResort(ctx context.Context, drain time.Duration) func() {
	over := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-over:
			return
		}
		select {
		case <-time.After(drain + beyondDrain):
			_, _ = fmt.Fprintf(w.err, "eddy: not stopped %s after it was asked to; ends all the same, what is not committed is processed again\n", drain+beyondDrain)
			os.Exit(exitError)
		case <-over:
		}
	}()
	return func() { close(over) }
}

// limitMemory makes this process keep to its memory, where the pipeline is all that runs in it: what an embedded broker holds is in
// no plan.
func limitMemory(cfg topology.Config) error {
	if len(cfg.Brokers) == 0 {
		return nil
	}
	plan, err := cfg.MemoryPlan()
	if err == nil {
		plan.SetLimits()
	}
	return err
}

// config returns the framework's configuration with a logger.
func (w world) config(s settings.Settings) (topology.Config, error) {
	cfg, err := s.Topology()
	if err != nil {
		return topology.Config{}, usageError(err)
	}
	if cfg.Logger, err = s.Log.Logger(w.err); err != nil {
		return topology.Config{}, usageError(err)
	}
	return cfg, nil
}
