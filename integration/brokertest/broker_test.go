package brokertest_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/integration/brokertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(brokertest.Main(m)) }

// One test after the other finds a broker without topics and groups, and makes the same ones.
func TestBrokersAreEmpty(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second", "third"} {
		t.Run(name, func(t *testing.T) {
			client, err := kgo.NewClient(kgo.SeedBrokers(brokertest.Start(t)...), kgo.DefaultProduceTopic("words"), kgo.MetadataMinAge(10*time.Millisecond))
			must(t, err)
			defer client.Close()
			admin := kadm.NewClient(client)
			topics, err := admin.ListTopics(t.Context())
			must(t, err)
			groups, err := admin.ListGroups(t.Context())
			must(t, err)
			if len(topics) != 0 || len(groups) != 0 {
				t.Errorf("topics %v, groups %v", topics.Names(), groups.Groups())
			}
			_, err = admin.CreateTopic(t.Context(), 2, -1, nil, "words")
			must(t, err)
			must(t, client.ProduceSync(t.Context(), kgo.StringRecord(name)).FirstErr())
			must(t, admin.CommitAllOffsets(t.Context(), "readers", kadm.Offsets{
				"words": {0: kadm.Offset{Topic: "words", Partition: 0, At: 0, LeaderEpoch: -1}},
			}))
		})
	}
}

// A test has a broker of its own, also beside another one.
func TestBrokersDiffer(t *testing.T) {
	t.Parallel()
	if a, b := brokertest.Start(t), brokertest.Start(t); a[0] == b[0] {
		t.Errorf("both are %s", a[0])
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
