package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
)

func newSettings(w world) *cobra.Command {
	var asJSON, sample bool
	cmd := &cobra.Command{
		Use:   "settings",
		Short: "List every setting, its variable in the environment, and its value",
		Long: `Settings lists the keys of a configuration file, the variable that sets each in the
environment, and the value in effect from defaults, file and environment. It shows
no password, and says in brackets what is done where nothing is set. Behind them is how
a worker divides its memory.`,
		Example: `  eddy settings --config eddy.yaml
  eddy settings --sample > eddy.yaml
  EDDY_MEMORY=512MiB eddy settings`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sample {
				_, err := io.WriteString(w.out, settings.Sample())
				return err
			}
			s, err := w.load(cmd)
			if err != nil {
				return err
			}
			plan, err := s.MemoryPlan()
			if err != nil {
				return usageError(err)
			}
			entries := append(settings.List(s, plan), settings.ListPlan(plan)...)
			if asJSON {
				return json.NewEncoder(w.out).Encode(entries)
			}
			table := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
			for _, e := range entries {
				if e.Unset != "" {
					e.Value = "(" + e.Unset + ")"
				}
				if _, err := fmt.Fprintf(table, "%s\t%s\t%v\n", e.Key, e.Variable, e.Value); err != nil {
					return err
				}
			}
			return table.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.Flags().BoolVar(&sample, "sample", false, "print a configuration file with all settings, as comments")
	return cmd
}
