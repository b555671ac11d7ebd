// Package bench measures the pipeline on a generated wiki whose right answers are known: a run that asks for too much
// or too little is an error, not a figure.
package bench

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

// Result is what one run measured. Rates are per second, sizes in bytes.
type Result struct {
	Pages      int    `json:"pages"` // templates included
	Edges      int    `json:"edges"`
	Seed       uint64 `json:"seed"`
	Workload   string `json:"workload,omitempty"` // the prefix of its files; empty: generated
	Partitions int    `json:"partitions"`
	Embedded   bool   `json:"embedded_broker"`

	Raw     Rate    `json:"raw"`     // a plain producer of the same records
	Fill    Rate    `json:"fill"`    // the same with the events made and encoded on the way
	Build   Rate    `json:"build"`   // records until all is processed and committed
	EdgeSec float64 `json:"edges_s"` // of the same time
	// BuildCPU is the CPU time of this process in that time, in seconds: an embedded broker is in it, a worker of its own is not.
	BuildCPU float64 `json:"build_cpu_s"`

	Cascade Cascade `json:"cascade"` // one over nearly all pages
	Small   Small   `json:"small"`   // cascades of few pages, one after the other

	Written Written `json:"written"` // to the changelogs of all tables, by the cascades

	Table Table `json:"table"` // the dependents table

	PeakRSS int64 `json:"peak_rss"` // of the worker; or of this process until the cascades are done, an embedded broker in it
}

// Rate is how much went in how long.
type Rate struct {
	Records int     `json:"records"`
	Bytes   int64   `json:"bytes,omitempty"`
	Seconds float64 `json:"seconds"`
	PerSec  float64 `json:"per_s"`
}

func rate(records int, bytes int64, took time.Duration) Rate {
	return Rate{Records: records, Bytes: bytes, Seconds: took.Seconds(), PerSec: float64(records) / took.Seconds()}
}

// Cascade is one big cascade, as it was the first time.
type Cascade struct {
	Requests int     `json:"requests"`
	FirstMS  float64 `json:"first_ms"`
	Seconds  float64 `json:"seconds"` // from the edit to the last request
	PerSec   float64 `json:"per_s"`
	Best     float64 `json:"best_per_s"` // of all times
}

// Small is the times from edit to request of small cascades, in milliseconds.
type Small struct {
	Edits    int     `json:"edits"`
	Requests int     `json:"requests"`
	FirstP50 float64 `json:"first_p50_ms"`
	FirstP99 float64 `json:"first_p99_ms"`
	LastP50  float64 `json:"last_p50_ms"`
	LastP99  float64 `json:"last_p99_ms"`
}

// Written is what is written to changelogs, before compression.
type Written struct {
	Rows       int64   `json:"rows"`
	Bytes      int64   `json:"bytes"`
	PerRow     float64 `json:"bytes_row"`     // bytes written per change of a row
	PerRequest float64 `json:"bytes_request"` // and per request that came of them
}

// Table is the size of the dependents table, and how fast it is recovered.
type Table struct {
	Rows         int     `json:"rows"`
	StoreBytes   int64   `json:"store_bytes"`
	LogBytes     int64   `json:"changelog_bytes"` // keys and last values
	StorePerEdge float64 `json:"store_bytes_edge"`
	LogPerEdge   float64 `json:"changelog_bytes_edge"`
	Recovery     Rate    `json:"recovery"` // records of the changelog, until the table can be read
}

// Text prints the result for people.
func (r *Result) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) // Flush has the error
	}
	line("wiki", "%d pages, %d edges, seed %d, %d partitions", r.Pages, r.Edges, r.Seed, r.Partitions)
	line("plain producer", "%s records/s, %.0f MB/s", thousands(r.Raw.PerSec), float64(r.Raw.Bytes)/r.Raw.Seconds/1e6)
	line("filled", "%s records/s (made and encoded on the way)", thousands(r.Fill.PerSec))
	line("built", "%s edges/s, %s records/s, %.1f s, %.1f s of CPU", thousands(r.EdgeSec), thousands(r.Build.PerSec), r.Build.Seconds, r.BuildCPU)
	line("big cascade", "%s requests/s: %d in %.2f s, the first after %.1f ms",
		thousands(r.Cascade.PerSec), r.Cascade.Requests, r.Cascade.Seconds, r.Cascade.FirstMS)
	line("small cascades", "%d, first request after %.1f ms (p99 %.1f), last after %.1f ms (p99 %.1f)",
		r.Small.Edits, r.Small.FirstP50, r.Small.FirstP99, r.Small.LastP50, r.Small.LastP99)
	line("changelogs", "%s bytes written per change of a row, %s per request",
		thousands(r.Written.PerRow), thousands(r.Written.PerRequest))
	line("dependents", "%.2f bytes an edge in the store, %.2f in the changelog, %d rows",
		r.Table.StorePerEdge, r.Table.LogPerEdge, r.Table.Rows)
	line("recovery", "%s records/s: %d in %.2f s", thousands(r.Table.Recovery.PerSec), r.Table.Recovery.Records, r.Table.Recovery.Seconds)
	included := ""
	if r.Embedded {
		included = ", broker included"
	}
	line("memory", "%.0f MB at most%s", float64(r.PeakRSS)/1e6, included)
	return t.Flush()
}

// thousands spells a number with commas.
func thousands(f float64) string {
	n := int64(f + 0.5)
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return thousands(float64(n/1000)) + fmt.Sprintf(",%03d", n%1000)
}
