package topology_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Confluent's TopArticlesLambdaExample for Kafka Streams, without its windows: views are counted by article, the counts are sent on by industry,
// and each industry keeps its top three.
func Example_topArticles() {
	type Count struct {
		Article string
		Views   int64
	}
	text, counts := codecs.String[string](), codecs.JSON[Count]()
	views := topology.NewStream("views", text, text) // article, industry
	byIndustry := topology.NewStream("article-counts", text, counts)

	b := topology.NewBuilder("articles")
	counter := topology.AddProcessor(b, "count", text)
	viewed, out := topology.Persist(counter, codecs.Int64()), topology.Output(counter, byIndustry)
	topology.Input(counter, views).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		n, _, err := viewed.Get(r)
		if err != nil {
			return err
		}
		if err := viewed.Set(r, n+1); err != nil {
			return err
		}
		return out.Emit(r, r.Value, Count{Article: r.Key, Views: n + 1})
	})

	ranking := topology.AddProcessor(b, "top", text)
	top := topology.Aggregate(topology.From(ranking, byIndustry), codecs.JSON[[]Count](), func(best []Count, c Count) []Count {
		best = slices.DeleteFunc(best, func(old Count) bool { return old.Article == c.Article })
		best = append(best, c)
		slices.SortFunc(best, func(x, y Count) int {
			return cmp.Or(cmp.Compare(y.Views, x.Views), cmp.Compare(x.Article, y.Article))
		})
		return best[:min(3, len(best))]
	})

	d := drive(b)
	in := topologytest.Input(d, views)
	for _, article := range []string{"rotor", "axle", "gear", "axle", "bolt", "bolt", "bolt", "gear"} {
		in.Send(article, "engineering")
	}
	best, _ := topologytest.Value(d, top.Table(), "engineering")
	fmt.Println(best)
	// Output: [{bolt 3} {axle 2} {gear 2}]
}
