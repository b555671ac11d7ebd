package main

import (
	"context"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/tables"
)

// errWrong says that a side asked for other pages than it should have.
var errWrong = errors.New("wrong requests")

// name is the name of a figure, as the JSON has it.
type name string

// The figures. Sizes are in bytes.
const (
	edges          name = "edges"                             // of the wiki; not compared
	edgeRate       name = "edges_per_second"                  // from the start of the program until all is processed and committed
	cascadeFirst   name = "cascade_first_requests_per_second" // of the big cascade, the first time
	cascadeBest    name = "cascade_requests_per_second"       // the best of all times
	smallFirst50   name = "small_first_p50_ms"                // from a small edit to its first request
	smallFirst99   name = "small_first_p99_ms"                //
	smallLast50    name = "small_last_p50_ms"                 // and to its last one
	smallLast99    name = "small_last_p99_ms"                 //
	storeBytes     name = "store_bytes_per_edge"              // of the dependents, on disk as they lie
	liveBytes      name = "changelog_live_bytes_per_edge"     // of the last row of each key
	changelogBytes name = "changelog_bytes_per_edge"          // on the broker as it lies
	topicBytes     name = "topic_bytes_per_edge"              // of all topics, inputs and outputs too, on the broker as they lie
	recovery       name = "recovery_records_per_second"       // of the changelog, with an empty store
	memory         name = "memory"                            // resident at most, the broker not in it
)

// figures are what was measured of one side.
type figures map[name]float64

// addTopics adds what lies on the broker. Topics that only measure the broker are left out, and Kafka's own.
func (f figures) addTopics(ctx context.Context, brokers []string, edges float64) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return err
	}
	defer client.Close()
	dirs, err := kadm.NewClient(client).DescribeAllLogDirs(ctx, nil)
	if err != nil {
		return err
	}
	var all, changelog int64
	dirs.Each(func(d kadm.DescribedLogDir) {
		err = errors.Join(err, d.Err)
		for topic, partitions := range d.Topics {
			size := int64(0)
			for _, p := range partitions {
				size += p.Size
			}
			if strings.HasPrefix(topic, "__") || topic == "raw" || topic == "eddy-bench-raw" {
				continue
			}
			all += size
			if isDependents(topic) {
				changelog += size
			}
		}
	})
	f[changelogBytes], f[topicBytes] = float64(changelog)/edges, float64(all)/edges
	return err
}

// isDependents says whether a topic is the changelog of either side's reverse index.
func isDependents(topic string) bool {
	return topic == tables.Dependents.Topic() || strings.HasSuffix(topic, "-dependents-changelog")
}
