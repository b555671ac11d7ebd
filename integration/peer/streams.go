package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// streamsJVM are the options of the program for Kafka Streams: its best variant.
const streamsJVM = "-Xms1g -Xmx2g -XX:+UseParallelGC -Dcandidates=range"

// guarantees are the deliveries, as Kafka Streams calls them.
var guarantees = map[string]string{"at-least-once": "at_least_once", "exactly-once": "exactly_once_v2"}

// streams measures the program for Kafka Streams.
func (b *build) streams(ctx context.Context, o options, addr string) (figures, error) {
	say("measuring Kafka Streams")
	target := filepath.Join(b.dir, "kstreams", "target")
	work := filepath.Join(b.dir, "streams")
	if err := os.Mkdir(work, 0o755); err != nil { //nolint:gosec // no secrets
		return nil, err
	}
	cmd := b.command(ctx, "java", "-Xmx1g", "-Duser.language=en", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
		"-Dapp.jvm="+streamsJVM, "-Drepeats="+strconv.Itoa(repeats),
		"-cp", filepath.Join(target, "peer.jar")+":"+filepath.Join(target, "libs", "*"),
		"peer.bench.Bench", addr, b.workload(), work, guarantees[o.delivery], strconv.Itoa(o.partitions), "fanout,latency,size,recover")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f, problem := readStreams(io.TeeReader(out, os.Stderr))
	_, err = io.Copy(io.Discard, out) // what a problem left unread, so that the program can end
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return nil, errors.Join(err, problem)
	}
	return f, problem
}

// streamsLines are the lines that the program's bench prints, and the figures in them. Of a figure that comes more than once, better
// says which stays; by default the last one does.
var streamsLines = []struct {
	line    *regexp.Regexp
	figures []name
	better  func(a, b float64) float64
}{
	{regexp.MustCompile(`^== pages \d+, edges (\d+)`), []name{edges}, nil},
	{regexp.MustCompile(`^ingest: .*, (\d+) edges/s`), []name{edgeRate}, nil},
	{regexp.MustCompile(`^rss .*, peak (\d+) MiB`), []name{memory}, larger},
	{regexp.MustCompile(`^fanout top5: .*: (\d+) requests/s`), []name{cascadeFirst}, first},
	{regexp.MustCompile(`^fanout top5: .*: (\d+) requests/s`), []name{cascadeBest}, larger},
	{
		regexp.MustCompile(`^latency latency, .*: first request p50 (\d+) ms, p99 (\d+) ms; last request p50 (\d+) ms, p99 (\d+) ms`),
		[]name{smallFirst50, smallFirst99, smallLast50, smallLast99},
		nil,
	},
	{regexp.MustCompile(`^store dependents: .*, ([\d.]+) and [\d.]+ an edge`), []name{storeBytes}, nil},
	{regexp.MustCompile(`^changelog of dependents: .*, ([\d.]+) an edge`), []name{liveBytes}, nil}, // it writes each row once
	{regexp.MustCompile(`^recovery: .* rows/s \((\d+)\)`), []name{recovery}, nil},
}

func larger(a, b float64) float64     { return max(a, b) }
func first(before, _ float64) float64 { return before }

// readStreams reads what the program's bench prints. The error says which figures are missing, or which cascades were wrong.
func readStreams(out io.Reader) (figures, error) {
	f := figures{}
	var wrong []string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "WRONG") {
			wrong = append(wrong, line)
		}
		for _, l := range streamsLines {
			groups := l.line.FindStringSubmatch(line)
			if groups == nil {
				continue
			}
			for i, name := range l.figures {
				value, err := strconv.ParseFloat(groups[i+1], 64)
				if err != nil {
					return nil, fmt.Errorf("%q: %w", line, err)
				}
				if name == memory {
					value *= 1 << 20
				}
				if before, ok := f[name]; ok && l.better != nil {
					value = l.better(before, value)
				}
				f[name] = value
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%w:\n%s", errWrong, strings.Join(wrong, "\n"))
	}
	for _, l := range streamsLines {
		for _, name := range l.figures {
			if _, ok := f[name]; !ok {
				return nil, fmt.Errorf("it printed no line like %q, so there is no %s", l.line, name)
			}
		}
	}
	return f, nil
}
