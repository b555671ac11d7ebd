package cli

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/cmd/eddy/internal/embedded"
	"github.com/eddystream/eddy/processors"
)

// Records in packs are printed one by one, among plain records.
func TestTailOfPacks(t *testing.T) {
	t.Parallel()
	broker, err := embedded.Start(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	kafka, err := kgo.NewClient(kgo.SeedBrokers(broker.Addrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	if _, err := kadm.NewClient(kafka).CreateTopic(t.Context(), 1, 1, nil, "asks"); err != nil {
		t.Fatal(err)
	}
	when := time.UnixMilli(1_000)
	for _, r := range []*kgo.Record{
		{Key: []byte("w:1"), Value: []byte("plain"), Timestamp: when, Headers: []kgo.RecordHeader{{Key: "n", Value: []byte("1 2")}, {Key: "m"}}},
		// Version 1, two entries from 2 ms on: a=x, and a tombstone of b.
		{Value: []byte("\x01\x02\x04\x00\x00\x00\x01a\x01x\x02\x01b"), Timestamp: when, Headers: []kgo.RecordHeader{{Key: "eddy-pack", Value: []byte("1")}}},
		{Value: []byte{}, Timestamp: when},
	} {
		r.Topic = "asks"
		if err := kafka.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"tail", "asks", "--brokers", broker.Addrs()[0]}, world{out: &out, err: &errs}); code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	want := "0\t0\t1970-01-01T00:00:01.000Z\tw:1\tplain\tn=\"1 2\" m=-\n" +
		"0\t1#0\t1970-01-01T00:00:00.002Z\ta\tx\n" +
		"0\t1#1\t1970-01-01T00:00:00.002Z\tb\t-\n" +
		"0\t2\t1970-01-01T00:00:01.000Z\t-\t\"\"\n"
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
}

func TestSpell(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"enwiki:10:Infobox_person": "enwiki:10:Infobox_person",
		"dewiki:0:Käse":            "dewiki:0:Käse",
		"":                         `""`,
		"-":                        `"-"`,
		"0x":                       `"0x"`,
		"two words":                `"two words"`,
		"a\tb":                     `"a\tb"`,
		`say "no"`:                 `"say \"no\""`,
		"a=b":                      `"a=b"`,
		"zero\u200bwidth":          `"zero\u200bwidth"`,
		"\xc3\x01":                 "0xc301",
	} {
		if got := spell([]byte(data)); got != want {
			t.Errorf("spell %q = %s, want %s", data, got, want)
		}
	}
	if got := spell(nil); got != "-" {
		t.Errorf("spell nil = %s", got)
	}
}

// Tail knows the values of all topics of the pipeline but for those in JSON.
func TestTailKnowsAllTopics(t *testing.T) {
	t.Parallel()
	topo, err := processors.New(processors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := topo.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var description struct {
		Topics []struct {
			Name string `json:"name"`
		} `json:"topics"`
	}
	if err := json.Unmarshal(data, &description); err != nil {
		t.Fatal(err)
	}
	if len(description.Topics) < len(avroTypes) {
		t.Errorf("the pipeline has %d topics, tail knows %d", len(description.Topics), len(avroTypes))
	}
	for _, topic := range description.Topics {
		if avroTypes[topic.Name] == "" && topic.Name != "page-changes" {
			t.Errorf("tail does not know the values of %q", topic.Name)
		}
	}
}
