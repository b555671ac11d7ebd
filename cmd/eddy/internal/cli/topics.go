package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

func newTopics(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "topics",
		Short:   "Create the topics, or check those that exist",
		Example: "  eddy topics create --brokers kafka:9092 --partitions 32",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	create := &cobra.Command{
		Use:   "create --brokers HOST:PORT,…",
		Short: "Create the topics that are missing and check the others",
		Long: `Create makes the topics of all processors with the partitions, cleanup policy,
retention and replication that they need. Topics that exist are checked: one that
does not fit what it is for, or those beside it, is an error that names both sides,
and nothing is changed. --partitions is for the topics that are created, and where it
is given, those that exist must have as many.

Workers do the same when they start.`,
		Example: `  eddy topics create --brokers kafka:9092 --partitions 32 --replication 3`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			topo, cfg, err := w.cluster(cmd)
			if err != nil {
				return err
			}
			sources, err := w.sources(cmd)
			if err != nil {
				return err
			}
			if settings.Given(sources, "partitions") {
				if err := checkPartitions(cmd.Context(), topo, cfg); err != nil {
					return err
				}
			}
			if err := topology.CreateTopics(cmd.Context(), topo, cfg); err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.out, "the topics of %s are there\n", topo.Name())
			return err
		},
	}
	settings.BindConnection(create.Flags())
	settings.BindTopics(create.Flags())
	cmd.AddCommand(create)
	return cmd
}

// checkPartitions finds the topics that have another number of partitions than was asked for, which nobody can change: rows lie where their keys
// were hashed to.
func checkPartitions(ctx context.Context, topo *topology.Topology, cfg topology.Config) error {
	data, err := topo.JSON()
	if err != nil {
		return err
	}
	var description struct {
		Topics []struct {
			Name string `json:"name"`
		} `json:"topics"`
	}
	if err := json.Unmarshal(data, &description); err != nil {
		return err
	}
	var errs []error
	for _, t := range description.Topics {
		ends, err := topology.Ends(ctx, cfg, topology.NewStream(t.Name, codecs.Bytes(), codecs.Bytes()))
		switch {
		case errors.Is(err, topology.ErrNoTopic):
		case err != nil:
			return err
		case len(ends) != cfg.Partitions:
			errs = append(errs, fmt.Errorf("topic %q has %d partitions, not the %d that are asked for", t.Name, len(ends), cfg.Partitions))
		}
	}
	return errors.Join(errs...)
}
