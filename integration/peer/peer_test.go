package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// printed is what the program for Kafka Streams prints, shortened.
const printed = `== pages 2000, edges 39135, at_least_once, 8 partitions
load: 4082 events in 3.4 s
ingest: 20.0 s from start of the process (9.8 s from RUNNING), 1954 edges/s (3991 from RUNNING)
rss after ingest: 484 MiB, peak 484 MiB
topics, bytes: {__consumer_offsets=8945, candidates=0}
fanout mid3: 1930 requests of 1930 expected, 0 repeats; first after 720 ms, last after 1.09 s: 1777 requests/s
fanout top5: 2036 requests of 2036 expected, 0 repeats; first after 221 ms, last after 0.68 s: 2974 requests/s
raw producer: 2036 records of 67 bytes: 92325 records/s; ratio 0.0322
fanout top5: 2036 requests of 2036 expected, 0 repeats; first after 174 ms, last after 0.45 s: 5087 requests/s
fanout top5: 2036 requests of 2036 expected, 0 repeats; first after 201 ms, last after 0.40 s: 4548 requests/s
rss after fanout: 486 MiB, peak 508 MiB
latency throughput, 20 edits: first request p50 167 ms, p99 223 ms; last request p50 167 ms, p99 224 ms
latency latency, 20 edits: first request p50 22 ms, p99 193 ms; last request p50 26 ms, p99 194 ms
rss after latency latency: 414 MiB, peak 414 MiB
store dependents: 1367194 bytes, after compaction 1348296, 34.9 and 34.5 an edge
store links: 877200 bytes, after compaction 1021185
changelog of dependents: 1070502 bytes, 27.4 an edge
recovery: 43878 rows, 9.0 s from start of the process to RUNNING (3.4 s restoring): 4888 rows/s (12759)
`

func TestReadStreams(t *testing.T) {
	t.Parallel()
	got, err := readStreams(strings.NewReader(printed))
	if err != nil {
		t.Fatal(err)
	}
	want := figures{
		edges: 39135, edgeRate: 1954, cascadeFirst: 2974, cascadeBest: 5087, smallFirst50: 22, smallFirst99: 193, smallLast50: 26,
		smallLast99: 194, storeBytes: 34.9, liveBytes: 27.4, recovery: 12759, memory: 508 << 20,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = readStreams(strings.NewReader(printed + "WRONG: Template:A expected 3, got 2 pages, 0 repeats, 0 others\n"))
	if !errors.Is(err, errWrong) || !strings.Contains(err.Error(), "Template:A expected 3") {
		t.Errorf("error %v", err)
	}
	_, err = readStreams(strings.NewReader(strings.ReplaceAll(printed, "recovery: ", "")))
	if err == nil || !strings.Contains(err.Error(), string(recovery)) {
		t.Errorf("error %v", err)
	}
}

const benched = `{"pages":2041,"edges":39135,"edges_s":8000,"cascade":{"per_s":6000,"best_per_s":9000},
"small":{"edits":20,"first_p50_ms":11,"first_p99_ms":30.5,"last_p50_ms":13,"last_p99_ms":31},
"table":{"store_bytes_edge":7,"changelog_bytes_edge":10.2,"recovery":{"per_s":70000}},"peak_rss":254000000}`

func TestReadEddy(t *testing.T) {
	t.Parallel()
	got, err := readEddy([]byte(benched))
	if err != nil {
		t.Fatal(err)
	}
	want := figures{
		edges: 39135, edgeRate: 8000, cascadeFirst: 6000, cascadeBest: 9000, smallFirst50: 11, smallFirst99: 30.5, smallLast50: 13,
		smallLast99: 31, storeBytes: 7, liveBytes: 10.2, recovery: 70000, memory: 254e6,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for text, missing := range map[string]string{strings.Replace(benched, "peak_rss", "rss", 1): "memory", "panic": "eddy bench"} {
		if _, err := readEddy([]byte(text)); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("error %v", err)
		}
	}
}

func TestComparison(t *testing.T) {
	t.Parallel()
	streams, err := readStreams(strings.NewReader(printed))
	if err != nil {
		t.Fatal(err)
	}
	eddy, err := readEddy([]byte(benched))
	if err != nil {
		t.Fatal(err)
	}
	streams[changelogBytes], streams[topicBytes] = 27.4, 200
	eddy[changelogBytes], eddy[topicBytes] = 13.7, 150
	c := comparison{Eddy: eddy, Streams: streams}
	const table = `| | Kafka Streams | Eddy | Eddy / Kafka Streams |
| --- | --- | --- | --- |
| edges/s from the start | 1954 | 8000 | 4.09 |
| big cascade, requests/s, the first time | 2974 | 6000 | 2.02 |
| big cascade, requests/s, best of three | 5087 | 9000 | 1.77 |
| small edit to first request, p50, ms | 22.0 | 11.0 | 0.50 |
| small edit to first request, p99, ms | 193.0 | 30.5 | 0.16 |
| small edit to last request, p50, ms | 26.0 | 13.0 | 0.50 |
| small edit to last request, p99, ms | 194.0 | 31.0 | 0.16 |
| bytes an edge, store | 34.9 | 7.0 | 0.20 |
| bytes an edge, changelog, last rows | 27.4 | 10.2 | 0.37 |
| bytes an edge, changelog as it lies | 27.4 | 13.7 | 0.50 |
| bytes an edge, all topics as they lie | 200.0 | 150.0 | 0.75 |
| recovery, records/s | 12759 | 70000 | 5.49 |
| memory at most, without the broker, MB | 533 | 254 | 0.48 |
`
	if diff := cmp.Diff(table, c.table()); diff != "" {
		t.Error(diff)
	}
	file := filepath.Join(t.TempDir(), "compare.json")
	if err := c.write(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]entry
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if got, want := all["store_bytes_per_edge"], (entry{Eddy: 7, KafkaStreams: 34.9, Ratio: eddy[storeBytes] / streams[storeBytes]}); len(all) != len(rows) || got != want {
		t.Errorf("%d figures, %+v", len(all), got)
	}
}

// Arbitrary output gives figures, all of them, or an error.
func FuzzReadStreams(f *testing.F) {
	f.Add(printed)
	f.Add("WRONG\n" + printed)
	f.Fuzz(func(t *testing.T, out string) {
		got, err := readStreams(strings.NewReader(out))
		if err == nil && len(got) != 12 {
			t.Errorf("figures %v", got)
		}
	})
}

func FuzzReadEddy(f *testing.F) {
	f.Add(benched)
	f.Fuzz(func(t *testing.T, out string) {
		got, err := readEddy([]byte(out))
		if err == nil && len(got) != 12 {
			t.Errorf("figures %v", got)
		}
	})
}
