//go:build unix

// Command table runs the same schedules of faults against plain Goka and against Eddy, with either delivery, and prints what each has lost,
// repeated and got wrong. It needs Java.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/integration/faults"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	kinds := pflag.StringSlice("kinds", faults.Compared(), "`kinds` of schedules")
	seeds := pflag.Int("seeds", 2, "`number` of schedules of each kind")
	first := pflag.Uint64("seed", 1, "the first `seed`")
	dir := pflag.String("dir", "", "`folder` that keeps the workers' logs and data; default: a temporary one")
	pflag.Parse()
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "eddy-faults-"); err != nil {
			return err
		}
		defer os.RemoveAll(*dir)
	}
	cfg, err := faults.Build(ctx, *dir, false)
	if err != nil {
		return err
	}
	systems := faults.Systems()
	header, rule := "| schedule |", "| --- |"
	for _, s := range systems {
		header, rule = header+" "+s.Name+" |", rule+" --- |"
	}
	fmt.Fprintln(os.Stdout, header+"\n"+rule)
	for _, kind := range *kinds {
		cells := make([]string, len(systems))
		for i, system := range systems {
			var o faults.Outcome
			for k := range uint64(*seeds) {
				cfg.Dir = filepath.Join(*dir, kind, strconv.Itoa(i), strconv.FormatUint(k, 10))
				if err := faults.Compare(ctx, &o, kind, *first+k, system, cfg); err != nil {
					return fmt.Errorf("%s of %s, seed %d: %w", kind, system.Name, *first+k, err)
				}
			}
			cells[i] = o.String()
			for _, why := range o.Why {
				fmt.Fprintf(os.Stderr, "%s of %s: %s\n", kind, system.Name, why)
			}
		}
		fmt.Fprintln(os.Stdout, "| "+kind+" | "+strings.Join(cells, " | ")+" |")
	}
	return nil
}
