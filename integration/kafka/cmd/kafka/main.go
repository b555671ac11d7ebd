// Command kafka runs a Kafka cluster on this machine until it is interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/integration/kafka"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	opt := kafka.Options{Log: os.Stderr}
	pflag.IntVar(&opt.Brokers, "brokers", 1, "`number` of brokers")
	pflag.IntVar(&opt.Port, "port", 0, "`port` of the first broker, at 127.0.0.1; the others' follow (default free ones)")
	pflag.StringVar(&opt.Dir, "data", "", "`directory` that keeps the data (default a temporary one)")
	pflag.StringToStringVar(&opt.Config, "config", nil, "a setting of the brokers, `name=value`, by Kafka's names; may be repeated")
	pflag.StringArrayVar(&opt.JVM, "jvm", nil, "an `option` of the brokers' JVM; may be repeated (default -Xmx1g)")
	pflag.Parse()
	if pflag.NArg() > 0 {
		return fmt.Errorf("kafka: there are no arguments, only flags: %q", pflag.Args())
	}
	cluster, err := kafka.Start(ctx, opt)
	if errors.Is(err, context.Canceled) {
		return nil // interrupted before it was ready
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(os.Stdout, "brokers "+strings.Join(cluster.Addrs(), ","))
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, cluster.Stop())
}
