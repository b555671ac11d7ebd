package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/embedded"
	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
)

func newBroker(w world) *cobra.Command {
	var cfg embedded.Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "broker --data DIR",
		Short: "Run the embedded Kafka broker alone, for several processes on one machine",
		Long: `Broker runs the embedded Kafka broker until it is interrupted and prints the address
that clients use, in one line. What it holds is kept in the data directory.

It is one broker with replication 1: for one machine, not for a cluster.`,
		Example: `  eddy broker --data /tmp/eddy-broker
  eddy broker --data /srv/broker --listen 0.0.0.0:9092 --advertise broker.example:9092`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := w.load(cmd)
			if err != nil {
				return err
			}
			if s.DataDir == "" {
				return usageError(errors.New("where is the broker to keep its data? Give --data DIR"))
			}
			cfg.DataDir, cfg.Partitions = s.DataDir, s.Partitions
			broker, err := embedded.Start(cfg)
			if errors.Is(err, embedded.ErrListen) {
				return usageError(err)
			}
			if err != nil {
				return err
			}
			defer broker.Close()
			if asJSON {
				err = json.NewEncoder(w.out).Encode(map[string]any{"brokers": broker.Addrs()})
			} else {
				_, err = fmt.Fprintf(w.out, "brokers %s\n", strings.Join(broker.Addrs(), ","))
			}
			if err != nil {
				return err
			}
			select {
			case <-cmd.Context().Done():
				return nil
			case <-broker.Failed():
				return broker.Failure()
			}
		},
	}
	fs := cmd.Flags()
	settings.BindData(fs, "`directory` that keeps topics, groups and offsets (required)")
	settings.BindPartitions(fs)
	fs.StringVar(&cfg.Listen, "listen", "127.0.0.1:9092", "`address` to listen on, host:port; port 0 takes a free one")
	fs.StringVar(&cfg.Advertise, "advertise", "", "`address` that clients are told, host or host:port (default the one listened on)")
	fs.BoolVar(&cfg.SyncWrites, "sync", false, "flush each batch to disk before it is acknowledged")
	fs.BoolVar(&asJSON, "json", false, "print the address as JSON")
	return cmd
}
