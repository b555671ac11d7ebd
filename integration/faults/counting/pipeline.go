package counting

import (
	"context"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// The names of the pipeline. Those of group and table follow from Name and Processor, for Eddy and for Goka alike.
const (
	Name      = "counting"
	Processor = "count"
	Group     = Name + "-" + Processor
	TableName = Group + "-table"
)

// The pipeline's topics.
var (
	Numbers = topology.NewStream("counting-numbers", codecs.String[string](), codecs.Int64())
	Results = topology.NewStream("counting-results", codecs.String[string](), codecs.JSON[Result]())
	Rows    = topology.NewTable(TableName, codecs.String[string](), codecs.JSON[Row]())
)

// New returns the pipeline as a topology.
func New() (*topology.Topology, error) {
	b := topology.NewBuilder(Name)
	p := topology.AddProcessor(b, Processor, Numbers.KeyCodec())
	rows := topology.Persist(p, Rows.ValueCodec())
	results := topology.Output(p, Results)
	topology.Input(p, Numbers).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		row, _, err := rows.Get(r)
		if err != nil {
			return err
		}
		row = row.Next(r.Value)
		if err := rows.Set(r, row); err != nil {
			return err
		}
		return results.Emit(r, r.Key, Result{Number: r.Value, Count: row.Count})
	})
	return b.Build()
}
