package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/schemas"
)

func newSchema(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "List or print the schemas of what Eddy reads and writes",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var all bool
	list := &cobra.Command{
		Use:   "list",
		Short: "List the schemas, their fingerprints and the topics that have their values",
		Long: `List prints a line for each schema: its name, the fingerprint that stands in the header
of Avro values, and the topics that have them. Page changes are JSON, of Wikimedia's
schema mediawiki/page/change.`,
		Example: `  eddy schema list`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
			for _, s := range schemaList(all) {
				if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name(), s.Fingerprint(), strings.Join(schemaTopics[s.Name()], ", ")); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprintf(table, "%s\tJSON\t%s\n", schemas.RenderJSONName, tables.IncomingRenders.Topic()); err != nil {
				return err
			}
			return table.Flush()
		},
	}
	list.Flags().BoolVar(&all, "all", false, "list those of the pipeline's own topics and tables too")
	show := &cobra.Command{
		Use:   "print NAME",
		Short: "Print a schema, with all types that it names",
		Example: `  eddy schema print eddy.Render > render.avsc
  eddy schema print /eddy/render/1.0.0 > render.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := args[0]
			if name == schemas.RenderJSONName {
				_, err := io.WriteString(w.out, schemas.RenderJSON)
				return err
			}
			if !strings.Contains(name, ".") {
				name = "eddy." + name
			}
			format, err := schemas.Releases.Format(name)
			if err != nil {
				return coded(exitNotFound, fmt.Errorf("%w; 'eddy schema list' has those that there are", err))
			}
			var text bytes.Buffer
			if err := json.Indent(&text, []byte(format.Schema().String()), "", "  "); err != nil {
				return err
			}
			_, err = fmt.Fprintln(w.out, text.String())
			return err
		},
	}
	cmd.AddCommand(list, show)
	return cmd
}

// schemaTopics are the topics that others write and read.
var schemaTopics = map[string][]string{
	"eddy.Render":       {tables.IncomingRenders.Topic(), tables.Renders.Topic()},
	"eddy.Request":      {tables.RerenderRequests.Topic()},
	"eddy.CascadeEvent": {tables.CascadeEvents.Topic()},
	"eddy.LinkChange":   {tables.LinkChanges.Topic()},
}

// schemaList has the schemas in the order of their names: of the topics that others write and read, or all.
func schemaList(all bool) (list []*codecs.Schema) {
	for _, name := range schemas.Releases.Types() {
		if all || schemaTopics[name] != nil {
			list = append(list, schemas.Releases.MustFormat(name).Schema())
		}
	}
	return list
}
