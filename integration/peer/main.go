// Command peer measures Eddy beside a program for Kafka Streams that does the same: on the same machine, one after the other, each on
// a fresh Kafka of one broker, with the same events and edits. It prints the figures side by side and writes them as JSON. It fails
// where either side asked for wrong pages.
//
// The program for Kafka Streams is a folder: workload/, a Go program that writes a generated wiki, edits of it and what each has to ask
// for; and kstreams/, a Maven project whose peer.bench.Bench loads, drives and measures peer.app. Arguments behind -- go to eddy bench.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/integration/kafka"
	"github.com/eddystream/eddy/integration/watchdog"
)

// options are the command's flags.
type options struct {
	peer       string
	pages      int
	seed       uint64
	partitions int
	delivery   string
	out        string
	eddy       []string // more arguments of eddy bench
}

// repeats is how often each side runs the big cascade.
const repeats = 3

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, parse())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func parse() options {
	var o options
	pflag.StringVar(&o.peer, "peer", "", "`folder` of the program for Kafka Streams (required)")
	pflag.IntVar(&o.pages, "pages", 100_000, "`number` of articles")
	pflag.Uint64Var(&o.seed, "seed", 1, "`number` that the wiki is made from")
	pflag.IntVar(&o.partitions, "partitions", 8, "`number` of partitions of each topic")
	pflag.StringVar(&o.delivery, "delivery", "at-least-once", "`promise` of both sides: at-least-once or exactly-once")
	pflag.StringVar(&o.out, "out", "compare.json", "`file` for the figures")
	pflag.Parse()
	o.eddy = pflag.Args()
	return o
}

func run(ctx context.Context, o options) (err error) {
	if o.peer == "" {
		return errors.New("--peer is required: the folder of the program for Kafka Streams")
	}
	if guarantees[o.delivery] == "" {
		return fmt.Errorf("--delivery %q is neither at-least-once nor exactly-once", o.delivery)
	}
	dir, err := os.MkdirTemp("", "eddy-peer-")
	if err != nil {
		return err
	}
	guard, err := watchdog.Watch(dir)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() { err = errors.Join(err, guard.Close()) }()
	b := &build{dir: dir, guard: guard}
	if err := b.all(ctx, o); err != nil {
		return err
	}
	streams, err := measure(ctx, func(addr string) (figures, error) { return b.streams(ctx, o, addr) })
	if err != nil {
		return fmt.Errorf("Kafka Streams: %w", err) //nolint:staticcheck // a name
	}
	eddy, err := measure(ctx, func(addr string) (figures, error) { return b.eddy(ctx, o, addr) })
	if err != nil {
		return fmt.Errorf("Eddy: %w", err) //nolint:staticcheck // a name
	}
	c := comparison{Eddy: eddy, Streams: streams}
	if err := c.write(o.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%d pages, seed %d, %d partitions, %s\n\n%s", o.pages, o.seed, o.partitions, o.delivery, c.table())
	return err
}

// measure measures one side on a Kafka of its own, and adds what lies on the broker in the end.
func measure(ctx context.Context, side func(addr string) (figures, error)) (_ figures, err error) {
	broker, err := kafka.Start(ctx, kafka.Options{JVM: []string{"-Xms512m", "-Xmx1g"}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, broker.Stop()) }()
	f, err := side(broker.Addrs()[0])
	if err != nil {
		return nil, err
	}
	return f, f.addTopics(ctx, broker.Addrs(), f[edges])
}
