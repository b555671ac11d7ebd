package integration_test

import (
	"time"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
)

// coalescing are the plays in which a page has one unanswered request at most. It is asked for again after a
// time for what a crash has lost; else nothing depends on that.
func coalescing() []play {
	var all []play
	for _, listing := range []simwiki.Listing{simwiki.Complete, simwiki.Direct, simwiki.Mixed} {
		coalesce := processors.Options{Coalesce: time.Hour}
		apart := apartOf(coalesce)
		few := coalesce // open cascades of a chunk: what is given up is asked for all the same
		few.OpenCascades, few.EndedCascades, few.InlineEdges, few.WalkChunks, few.ChunkWidth = 1, 1, 1, 1, 10
		soon := processors.Options{Coalesce: time.Second, EndedCascades: 1}
		all = append(all,
			play{name: "coalescing", scenario: oracle.Scenario{Listing: listing, Repeat: 10, Coalesced: true}, options: coalesce, batch: 4},
			play{
				name: "coalescing by clocks", scenario: oracle.Scenario{
					Listing: listing, Repeat: 10, Coalesced: true, Noise: oracle.Noise{Clocks: oracle.LateClocks, Skew: skew, Future: 3},
				}, options: apart, batch: 4,
			},
			play{name: "coalescing few", scenario: oracle.Scenario{Listing: listing, Coalesced: true, Noise: oracle.Noise{Lost: 1}}, options: few, batch: 3},
			play{
				name: "coalescing crashes", scenario: oracle.Scenario{Listing: listing, Coalesced: true, AtLeastOnce: true, Again: 3 * time.Second},
				options: soon, batch: 3, crashes: 0.05,
			},
			play{
				name: "coalescing what is lost", scenario: oracle.Scenario{
					Listing: listing, Repeat: 10, Coalesced: true, Again: 3 * time.Second, Noise: oracle.Noise{Lost: 10, Renamed: 50, Sparse: true},
				}, options: soon, batch: 4,
			},
		)
	}
	return append(all, play{
		name: "coalescing by any clocks", scenario: oracle.Scenario{
			Listing: simwiki.Complete, Repeat: 10, Coalesced: true, Noise: oracle.Noise{Clocks: oracle.AnyClocks, Skew: skew, Future: 3},
		}, options: apartOf(processors.Options{Coalesce: time.Hour}), batch: 4,
	})
}

func apartOf(o processors.Options) processors.Options {
	o.ClockSkew = skew
	return o
}
