package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// eddy measures Eddy. A cascade with wrong pages ends its bench with an error.
func (b *build) eddy(ctx context.Context, o options, addr string) (figures, error) {
	say("measuring Eddy")
	work := filepath.Join(b.dir, "stores")
	if err := os.Mkdir(work, 0o755); err != nil { //nolint:gosec // no secrets
		return nil, err
	}
	args := append([]string{
		filepath.Join(b.dir, "eddy"), "bench", "--json", "--brokers", addr, "--workload", b.workload(), "--repeats", strconv.Itoa(repeats),
		"--partitions", strconv.Itoa(o.partitions), "--data", work, "--delivery", o.delivery,
	}, o.eddy...)
	var out bytes.Buffer
	cmd := b.command(ctx, args...)
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return readEddy(out.Bytes())
}

// eddyResult is what is used of the result that eddy bench prints.
type eddyResult struct {
	Edges   float64 `json:"edges"`
	EdgeSec float64 `json:"edges_s"`
	Cascade struct {
		PerSec float64 `json:"per_s"`
		Best   float64 `json:"best_per_s"`
	} `json:"cascade"`
	Small struct {
		FirstP50 float64 `json:"first_p50_ms"`
		FirstP99 float64 `json:"first_p99_ms"`
		LastP50  float64 `json:"last_p50_ms"`
		LastP99  float64 `json:"last_p99_ms"`
	} `json:"small"`
	Table struct {
		StorePerEdge float64 `json:"store_bytes_edge"`
		LogPerEdge   float64 `json:"changelog_bytes_edge"`
		Recovery     struct {
			PerSec float64 `json:"per_s"`
		} `json:"recovery"`
	} `json:"table"`
	PeakRSS float64 `json:"peak_rss"`
}

// readEddy reads what eddy bench prints. The error says which figure is missing.
func readEddy(out []byte) (figures, error) {
	var r eddyResult
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, fmt.Errorf("the result of eddy bench: %w", err)
	}
	f := figures{
		edges: r.Edges, edgeRate: r.EdgeSec, cascadeFirst: r.Cascade.PerSec, cascadeBest: r.Cascade.Best,
		smallFirst50: r.Small.FirstP50, smallFirst99: r.Small.FirstP99, smallLast50: r.Small.LastP50, smallLast99: r.Small.LastP99,
		storeBytes: r.Table.StorePerEdge, liveBytes: r.Table.LogPerEdge, recovery: r.Table.Recovery.PerSec, memory: r.PeakRSS,
	}
	for name, value := range f {
		if value <= 0 {
			return nil, fmt.Errorf("the result of eddy bench has no %s", name)
		}
	}
	return f, nil
}
