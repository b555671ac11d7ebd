//go:build kafka && unix

package faults_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/eddystream/eddy/integration/faults"
)

var (
	seeds   = flag.String("faults.seed", "", "`seeds` of the schedules to run, such as 3,40-45; default: some that have all kinds and deliveries, by the clock")
	kinds   = flag.String("faults.kind", "", "`kinds` of schedules to run, separated by commas; default: all")
	command = flag.String("faults.eddy", "", "`path` of the command under test, such as one of another release; default: it is built")
	keep    = flag.String("faults.keep", "", "`folder` that keeps the workers' logs and data; default: a temporary one")
)

// limit bounds one run.
const limit = 6 * time.Minute

// commands are those under test.
var commands faults.Config

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "eddy-faults-")
	if err == nil {
		commands, err = faults.Build(context.Background(), dir, raceEnabled)
	}
	if *command != "" {
		commands.Eddy = *command
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// schedules are those that the flags ask for.
func schedules(t *testing.T) []faults.Schedule {
	t.Helper()
	list, err := parseSeeds(*seeds)
	must(t, err)
	if len(list) == 0 {
		first := uint64(time.Now().UnixMilli()%1_000_000) * uint64(faults.Schedules()) // a whole round
		for i := range uint64(faults.Schedules()) {
			list = append(list, first+i)
		}
	}
	var drawn []faults.Schedule
	for _, seed := range list {
		s := faults.Draw(seed)
		if *kinds == "" || slices.Contains(strings.Split(*kinds, ","), s.Kind) {
			drawn = append(drawn, s)
		}
	}
	if len(drawn) == 0 {
		t.Fatalf("no schedule is of a kind %q; there are %v", *kinds, faults.Kinds())
	}
	return drawn
}

// parseSeeds reads numbers and ranges of numbers.
func parseSeeds(text string) ([]uint64, error) {
	var list []uint64
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 64)
		to, err2 := strconv.ParseUint(last, 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		for seed := from; seed <= to; seed++ {
			list = append(list, seed)
		}
	}
	return list, nil
}

// play runs a schedule and fails the test where the verdict does.
func play(t *testing.T, s faults.Schedule) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	v, err := faults.Play(ctx, s, config(t))
	if err == nil {
		t.Logf("%s\n%.0f s: %s", s, time.Since(start).Seconds(), v)
		err = v.Err()
	}
	if err != nil {
		t.Errorf("%s\n%v\nto repeat: make faults ARGS='-faults.seed %d'", s, err, s.Seed)
	}
}

// config is that of a cluster of its own.
func config(t *testing.T) faults.Config {
	t.Helper()
	cfg := commands
	cfg.Dir = t.TempDir()
	if *keep != "" {
		cfg.Dir = filepath.Join(*keep, strings.ReplaceAll(t.Name(), "/", "_"), strconv.FormatInt(time.Now().UnixMilli(), 10))
	}
	return cfg
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
