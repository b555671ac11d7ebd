package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/topology"
)

func newDLQ(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dlq",
		Short: "List, show, replay or drop the records that processors gave up",
		Long: `A worker that runs with --on-error dead-letter passes over records that it cannot
process, and keeps them, with what was wrong, in the topic of dead letters. They stay
there until they are replayed or dropped.`,
		Example: `  eddy dlq list --brokers kafka:9092
  eddy dlq replay --brokers kafka:9092 --processor links`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDLQList(w), newDLQShow(w), newDLQReplay(w), newDLQDrop(w))
	return cmd
}

// letters is what the commands have in common: the dead letters, and which of them are meant.
type letters struct {
	w         world
	processor string
	topic     string
	all       bool
	*topology.DeadLetters
}

func (l *letters) bind(cmd *cobra.Command) {
	settings.BindConnection(cmd.Flags())
	settings.BindDeadLetters(cmd.Flags())
}

// bindFilter adds the flags that choose letters.
func (l *letters) bindFilter(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.processor, "processor", "", "only what this `processor` gave up")
	cmd.Flags().StringVar(&l.topic, "topic", "", "only records of this `topic`")
}

// bindChoice adds the flags of commands that do something to letters.
func (l *letters) bindChoice(cmd *cobra.Command) {
	l.bindFilter(cmd)
	cmd.Flags().BoolVar(&l.all, "all", false, "all dead letters")
}

// open opens the dead letters of the pipeline.
func (l *letters) open(cmd *cobra.Command) error {
	l.w = l.w.quietly()
	s, err := l.w.load(cmd)
	if err != nil {
		return err
	}
	if len(s.Brokers) == 0 {
		return usageError(errNoBrokers)
	}
	topo, _, err := pipeline(s)
	if err != nil {
		return err
	}
	cfg, err := l.w.config(s)
	if err != nil {
		return err
	}
	l.DeadLetters, err = topology.OpenDeadLetters(topo.Name(), cfg)
	return err
}

// meant reports whether the flags leave a letter in.
func (l *letters) meant(r *topology.DeadLetterRecord) bool {
	return (l.processor == "" || l.processor == r.Processor) && (l.topic == "" || l.topic == r.Topic)
}

// each calls do for the letters that are named, or that the flags choose, and then deletes what is no longer needed.
func (l *letters) each(cmd *cobra.Command, args []string, do func(context.Context, *topology.DeadLetterRecord) error) (n int, err error) {
	if chosen := l.all || l.processor != "" || l.topic != ""; chosen == (len(args) > 0) {
		return 0, usageError(errors.New("which ones? Give their ids, or --processor, --topic or --all"))
	}
	left := map[topology.DeadLetterID]bool{}
	for _, text := range args {
		id, err := topology.ParseDeadLetterID(text)
		if err != nil {
			return 0, usageError(err)
		}
		left[id] = true
	}
	if err := l.open(cmd); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	ctx := cmd.Context()
	var errs []error
	for r, err := range l.All(ctx) {
		if err != nil {
			return n, err
		}
		if len(args) > 0 && !left[r.ID] || !l.meant(r) {
			continue
		}
		delete(left, r.ID)
		if err := do(ctx, r); err != nil {
			if ctx.Err() != nil {
				return n, err
			}
			errs = append(errs, err)
			continue
		}
		n++
	}
	for id := range left {
		errs = append(errs, coded(exitNotFound, fmt.Errorf("%w: %s", topology.ErrNoDeadLetter, id)))
	}
	if n > 0 {
		if err := l.Purge(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}

func newDLQReplay(w world) *cobra.Command {
	l := &letters{w: w}
	cmd := &cobra.Command{
		Use:   "replay (ID… | --processor NAME | --topic TOPIC | --all)",
		Short: "Send dead letters to their topics again",
		Long: `Replay sends records to the topics and partitions that they came from, with the same
key, value, time and headers, and takes them off the dead letters. The header
eddy-dlq-replayed says how often that was done. Of Eddy's processors only the one that
gave a record up gets it; other consumers of the topic get it again. It comes behind
all that its key has had since.`,
		Example: `  eddy dlq replay --brokers kafka:9092 3:17 3:18
  eddy dlq replay --brokers kafka:9092 --processor links`,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := l.each(cmd, args, func(ctx context.Context, r *topology.DeadLetterRecord) error { return l.Replay(ctx, r) })
			return l.done(n, "replayed", err)
		},
	}
	l.bind(cmd)
	l.bindChoice(cmd)
	return cmd
}

func newDLQDrop(w world) *cobra.Command {
	l := &letters{w: w}
	cmd := &cobra.Command{
		Use:   "drop (ID… | --processor NAME | --topic TOPIC | --all)",
		Short: "Take dead letters off, without processing them",
		Example: `  eddy dlq drop --brokers kafka:9092 3:17
  eddy dlq drop --brokers kafka:9092 --topic renders`,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := l.each(cmd, args, func(ctx context.Context, r *topology.DeadLetterRecord) error { return l.Drop(ctx, r) })
			return l.done(n, "dropped", err)
		},
	}
	l.bind(cmd)
	l.bindChoice(cmd)
	return cmd
}

// done says how many letters something was done to.
func (l *letters) done(n int, how string, err error) error {
	if l.DeadLetters != nil {
		if _, e := fmt.Fprintf(l.w.out, "%d %s\n", n, how); e != nil {
			err = errors.Join(err, e)
		}
	}
	return err
}

// place is where the record of a letter is.
func place(r *topology.DeadLetterRecord) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s[%d]@%d", r.Topic, r.Partition, r.Offset)
	if r.Packed {
		fmt.Fprintf(&s, "#%d", r.Index)
	}
	return s.String()
}
