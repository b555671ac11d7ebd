package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/eddystream/eddy/internal/registry"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// pasted are the blocks of doc/INPUTS.md that write to Kafka, one for each format.
func pasted(t *testing.T) (all []string) {
	t.Helper()
	for _, block := range blocks(read(t, "doc/INPUTS.md"), "sh") {
		if strings.Contains(block, "kcat -P") {
			all = append(all, block)
		}
	}
	if len(all) != 4 {
		t.Fatalf("doc/INPUTS.md has %d examples, want page changes, and a render as JSON, as Avro, and in Confluent's wire format", len(all))
	}
	return all
}

var (
	fromLines = regexp.MustCompile(`(?s)-t (\S+) <<'EOF'\n(.*?)\nEOF\n`)
	fromFile  = regexp.MustCompile(`(?s)^base64 -d > (\S+) <<'EOF'\n(.*?)\nEOF\nkcat -P -b localhost:9092 -t (\S+) (\S+)\n$`)
)

// records are what kcat makes of a block: a record for each line, or of a file.
func records(t *testing.T, block string) (list []*kgo.Record) {
	t.Helper()
	if match := fromFile.FindStringSubmatch(block); match != nil && match[1] == match[4] {
		value, err := base64.StdEncoding.DecodeString(match[2])
		if err != nil {
			t.Fatal(err)
		}
		return []*kgo.Record{{Topic: match[3], Value: value}}
	}
	match := fromLines.FindStringSubmatch(block)
	if match == nil {
		t.Fatalf("this is no example:\n%s", block)
	}
	for line := range strings.SplitSeq(match[2], "\n") {
		list = append(list, &kgo.Record{Topic: match[1], Value: []byte(line)})
	}
	return list
}

// What doc/INPUTS.md has to paste is taken, and leads to what it says.
func TestInputsExamples(t *testing.T) {
	t.Parallel()
	inputsRun(t, func(ctx context.Context, brokers []string, block string) {
		kafka, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
		if err != nil {
			t.Fatal(err)
		}
		defer kafka.Close()
		if err := kafka.ProduceSync(ctx, records(t, block)...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	})
}

// The same by kcat itself, where there is one.
func TestInputsExamplesByKcat(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("kcat"); err != nil {
		t.Skip("there is no kcat")
	}
	inputsRun(t, func(ctx context.Context, brokers []string, block string) {
		cmd := exec.CommandContext(ctx, "sh", "-ec", strings.ReplaceAll(block, "localhost:9092", brokers[0]))
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	})
}

var toRegistry = regexp.MustCompile(`(?s)^eddy schema print (\S+) \| jq -Rs '\{schema: \.\}' \|.* -H 'Content-Type: (\S+)' --data @- http://localhost:8081(\S+)\n$`)

// register does what the document's block does that registers a schema, and returns a client of the registry.
func register(ctx context.Context, t *testing.T) *registry.Client {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	var match []string
	for _, block := range blocks(read(t, "doc/INPUTS.md"), "sh") {
		if m := toRegistry.FindStringSubmatch(block); m != nil {
			match = m
		}
	}
	if match == nil {
		t.Fatal("doc/INPUTS.md registers no schema")
	}
	body, err := json.Marshal(map[string]string{"schema": schemas.Releases.MustFormat(match[1]).Schema().String()})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fake.URL()+match[3], bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", match[2])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the registry answers %s", resp.Status)
	}
	client, err := registry.Open(registry.Config{URLs: []string{fake.URL()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func inputsRun(t *testing.T, paste func(ctx context.Context, brokers []string, block string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	topo, err := processors.New(processors.Options{Intake: &processors.Intake{Registry: register(ctx, t)}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := topology.Config{Brokers: topologytest.StartBroker(t), Partitions: 2}
	app := topologytest.RunApp(t, topo, cfg)
	for _, block := range pasted(t) {
		paste(ctx, cfg.Brokers, block)
		if err := app.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	asked := sortedOf(ctx, t, cfg, tables.RerenderRequests, func(r tables.Request) []string { return []string{r.PageTitle} })
	if !slices.Equal(asked, []string{"Paris", "Template:Infobox_city"}) {
		t.Errorf("asked for %q", asked)
	}
	links := sortedOf(ctx, t, cfg, tables.LinkChanges, func(c tables.LinkChange) []string { return c.Added })
	if !slices.Equal(links, []string{"examplewiki:0:Louvre", "examplewiki:0:Seine", "examplewiki:10:Infobox_city"}) {
		t.Errorf("links to %q", links)
	}
	letters, err := topology.OpenDeadLetters("eddy", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer letters.Close()
	for l, err := range letters.All(ctx) {
		t.Errorf("a dead letter of %s: %s, %v", l.Topic, l.Error, err)
	}
}

// sortedOf returns the texts of a stream's records.
func sortedOf[V any](ctx context.Context, t *testing.T, cfg topology.Config, s topology.Stream[tables.PageKey, V], texts func(V) []string) (all []string) {
	t.Helper()
	ends, err := topology.Ends(ctx, cfg, s)
	if err == nil {
		err = topology.Read(ctx, cfg, s, nil, ends, func(_ context.Context, r *topology.Record[tables.PageKey, V]) error {
			all = append(all, texts(r.Value)...)
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// The topics that the document names are the pipeline's.
func TestInputsNames(t *testing.T) {
	t.Parallel()
	text := read(t, "doc/INPUTS.md")
	for _, topic := range []string{tables.IncomingPageChanges.Topic(), tables.IncomingRenders.Topic(), tables.PageChanges.Topic(), tables.Renders.Topic()} {
		if !strings.Contains(text, "`"+topic+"`") {
			t.Errorf("doc/INPUTS.md does not name %s", topic)
		}
	}
}
