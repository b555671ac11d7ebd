package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
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
and nothing is changed. --partitions is for the topics that are created.

Workers do the same when they start.`,
		Example: `  eddy topics create --brokers kafka:9092 --partitions 32 --replication 3`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			topo, cfg, err := w.cluster(cmd)
			if err != nil {
				return err
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
