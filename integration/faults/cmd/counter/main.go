// Command counter is a worker of the counting pipeline, on Eddy or on plain Goka, until it is interrupted. Its flags are those of eddy run.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/integration/faults/counting"
	"github.com/eddystream/eddy/topology"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "counter:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg := topology.Config{Logger: slog.New(slog.NewJSONHandler(os.Stderr, nil)), SASL: &topology.SASL{Password: os.Getenv("EDDY_SASL_PASSWORD")}}
	goka := pflag.Bool("goka", false, "run on plain Goka")
	pflag.StringSliceVar(&cfg.Brokers, "brokers", nil, "`addresses`")
	pflag.StringVar(&cfg.DataDir, "data", "", "`directory` of the local stores")
	pflag.StringVar(&cfg.ClientID, "client-id", "", "`name`")
	pflag.IntVar(&cfg.Partitions, "partitions", 0, "`number` of partitions")
	pflag.DurationVar(&cfg.SessionTimeout, "session-timeout", 10*time.Second, "of the group")
	pflag.StringVar(&cfg.SASL.User, "sasl-user", "", "`name` to log in with")
	pflag.StringVar(&cfg.SASL.Mechanism, "sasl-mechanism", "", "how to log in")
	pflag.Bool("sasl-plaintext", false, "is always allowed")
	delivery := pflag.String("delivery", topology.AtLeastOnce.String(), "what is promised")
	pflag.Parse()
	if cfg.SASL.User == "" {
		cfg.SASL = nil
	}
	if *goka {
		return counting.RunGoka(ctx, counting.GokaConfig{
			Brokers: cfg.Brokers, ClientID: cfg.ClientID, Dir: cfg.DataDir, SessionTimeout: cfg.SessionTimeout, Logger: cfg.Logger,
		})
	}
	switch *delivery {
	case topology.AtLeastOnce.String():
	case topology.ExactlyOnce.String():
		cfg.Delivery = topology.ExactlyOnce
	default:
		return errors.New("there is no delivery " + *delivery)
	}
	topo, err := counting.New()
	if err != nil {
		return err
	}
	app, err := topology.NewApp(topo, cfg)
	if err != nil {
		return err
	}
	return app.Run(ctx)
}
