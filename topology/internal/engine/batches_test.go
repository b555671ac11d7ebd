package engine_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// All batches of a process share their bytes, and what is committed is given back.
func TestBatchesShareTheirBytes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 4)
	const limit, size, partitions = 64 << 10, 4 << 10, 4
	batches := engine.NewBatches(limit)
	highest, largest := int64(0), 0
	commits := make(chan kernel.CommittedInfo, 1000)
	r := b.start(only(p), func(o *engine.Options) {
		o.Memory.Batches = batches
		o.Observer.Processed = func(kernel.ProcessedInfo) { highest = max(highest, batches.Used()) }
		o.Observer.Committed = func(c kernel.CommittedInfo) { commits <- c }
	}).started()
	for i := range 400 { // of one partition: the others leave it their half
		if key := strconv.Itoa(i); cluster.Partition([]byte(key), partitions) == 0 {
			b.produce(to("in", 0, key, strings.Repeat("x", size)))
		}
	}
	r.settle()
	b.check(r.stop())
	close(commits)
	for c := range commits {
		largest = max(largest, c.Records)
	}
	if most := int64(limit + 2*partitions*2*size); highest > most {
		t.Errorf("batches of %d bytes, at most %d are expected", highest, most)
	}
	if n := limit / size; largest > n {
		t.Errorf("a batch of %d records where %d fill all", largest, n)
	}
	if n := batches.Used(); n != 0 {
		t.Errorf("%d bytes are not given back", n)
	}
}
