package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/topology"
)

func newTopology(w world) *cobra.Command {
	var format string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "topology",
		Short: "Describe the processors, tables and topics",
		Example: `  eddy topology
  eddy topology --format dot | dot -Tsvg > eddy.svg`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			topo, _, err := pipelineWith(settings.Default(), processors.Options{Intake: &processors.Intake{}})
			if err != nil {
				return err
			}
			if asJSON {
				format = "json"
			}
			text, err := describe(topo, format)
			if err != nil {
				return err
			}
			_, err = io.WriteString(w.out, text)
			return err
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "text", "text, mermaid, dot or json")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	return cmd
}

func describe(topo *topology.Topology, format string) (string, error) {
	switch format {
	case "text":
		return topo.String(), nil
	case "mermaid":
		return topo.Mermaid(), nil
	case "dot":
		return topo.DOT(), nil
	case "json":
		data, err := topo.JSON()
		return string(data) + "\n", err
	}
	return "", usageError(fmt.Errorf("format %q is none of text, mermaid, dot, json", format))
}
