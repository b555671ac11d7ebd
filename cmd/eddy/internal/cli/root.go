// Package cli is the command line: one command a file. Commands read their settings, call the packages
// that do the work, and print; what they print for machines (--json) is as stable as an API.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
)

// Main runs the program with the process's arguments and returns its exit code. The first SIGINT or
// SIGTERM ends commands cleanly, the second one at once.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	keepPrivate()
	return run(ctx, os.Args[1:], world{
		in:       os.Stdin,
		out:      os.Stdout,
		err:      os.Stderr,
		environ:  os.Environ(),
		terminal: isatty.IsTerminal(os.Stderr.Fd()),
	})
}

// world is what a command may touch beside files and the network.
type world struct {
	in       io.Reader // nil: none
	out, err io.Writer
	environ  []string
	terminal bool // err is a terminal
	quiet    bool // only warnings are logged, unless more is asked for
}

// quietly is the world of a command that shows progress of its own.
func (w world) quietly() world {
	w.quiet = true
	return w
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, w world) int {
	started := false
	root := newRoot(w)
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	root.SetArgs(args)
	root.SetOut(w.out)
	root.SetErr(w.err)
	cmd, err := unknown(root, args)
	if err == nil {
		cmd, err = root.ExecuteContextC(ctx)
	}
	if err == nil {
		return exitOK
	}
	if !started {
		err = usageError(err)
	}
	code := exitCode(ctx, err)
	_, logged := errors.AsType[*loggedError](err)
	if !logged && (code != exitInterrupted || !errors.Is(err, context.Canceled)) {
		_, _ = fmt.Fprintf(w.err, "eddy: %v\n", err)
	}
	if code == exitUsage {
		_, _ = fmt.Fprintf(w.err, "See '%s --help'.\n", cmd.CommandPath())
	}
	return code
}

// unknown finds a command that is none below one that has commands, which would otherwise be said of its flags.
func unknown(root *cobra.Command, args []string) (*cobra.Command, error) {
	cmd, rest, err := root.Find(args)
	if err != nil || cmd == root || !cmd.HasSubCommands() || len(rest) == 0 || strings.HasPrefix(rest[0], "-") {
		return root, nil //nolint:nilerr // it comes again
	}
	err = fmt.Errorf("unknown command %q for %q", rest[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(rest[0]); len(like) > 0 {
		err = fmt.Errorf("%w: is it %s?", err, strings.Join(like, " or "))
	}
	return cmd, err
}

// helpWidth is how long a line of help may be.
const helpWidth = 100

func newRoot(w world) *cobra.Command {
	root := &cobra.Command{
		Use:   "eddy",
		Short: "Track what depends on what in a wiki, and what has to be rendered again",
		Long: `Eddy follows a wiki's page changes and render events through Kafka, keeps who uses
what in tables, and asks for each page that a change makes stale to be rendered
again, once, at any depth of templates.

Settings come from flags, the environment (EDDY_BROKERS for --brokers) and a YAML
file (--config), in this order of precedence.

Exit codes: 0 done, or stopped when asked to, 1 an error, 2 wrong usage or settings,
3 bad input, 4 nothing found, 5 not ready, 130 interrupted before it was done.`,
		Example: `  eddy demo
  eddy replay --out result events.ndjson.zst
  eddy run --brokers kafka1:9092,kafka2:9092 --data /var/lib/eddy`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().String("config", "", "YAML `file` with settings (or set EDDY_CONFIG)")
	settings.BindLog(root.PersistentFlags())
	root.AddCommand(commands(w)...)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", helpWidth)))
	return root
}

// commands lists the commands in the order of the help text.
func commands(w world) []*cobra.Command {
	return []*cobra.Command{
		newDemo(w),
		newReplay(w),
		newRun(w),
		newQuery(w),
		newPlan(w),
		newTail(w),
		newTopology(w),
		newBench(w),
		newBroker(w),
		newTopics(w),
		newLint(w),
		newSchema(w),
		newDLQ(w),
		newReset(w),
		newRestore(w),
		newHealth(w),
		newSettings(w),
		newVersion(w),
	}
}

// sources are where the settings of a command come from.
func (w world) sources(cmd *cobra.Command) (settings.Sources, error) {
	file, err := cmd.Flags().GetString("config")
	return settings.Sources{File: file, Environ: w.environ, Flags: cmd.Flags(), Quiet: w.quiet}, err
}

// load returns the settings of a command.
func (w world) load(cmd *cobra.Command) (settings.Settings, error) {
	sources, err := w.sources(cmd)
	if err != nil {
		return settings.Settings{}, err
	}
	s, err := settings.Load(sources)
	if err != nil {
		return settings.Settings{}, usageError(err)
	}
	return s, nil
}
