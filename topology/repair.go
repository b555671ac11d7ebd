package topology

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/repair"
)

// RepairOptions say what [Reset] and [RestoreTables] work on.
type RepairOptions struct {
	// Processors are the names of the processors. Defaults to all.
	Processors []string
	// To is where Reset has inputs begin. Defaults to [Oldest].
	To Start
	// KeepState has Reset take what is lost for lost and keep the rest: only committed offsets that the logs do not have are moved, and
	// tables are taken as they are.
	KeepState bool
	// DryRun only says what would be done.
	DryRun bool
	// Say is told of each step before it is done. Defaults to nobody.
	Say func(step string)
}

func (o RepairOptions) internal(t *Topology, cfg Config) repair.Options {
	say := o.Say
	if say == nil {
		say = func(string) {}
	}
	return repair.Options{
		Topology: t.kernel, Policy: cfg.withDefaults().topicPolicy(), Processors: o.Processors, Start: o.To.at, DryRun: o.DryRun, Say: say,
	}
}

// Reset has processors begin anew. Their tables and loops, and the streams between them, are deleted and made again, and their groups begin at
// o.To of the other inputs; or, with o.KeepState, only what is lost is given up. It is the way out of [ErrOffsetLost], of
// [ErrStateMissing] where nobody has a copy, of a topic that got more partitions, and of rows that cannot be read any more.
//
// No app may run the processors: their groups must have no members, which those of a stopped app are until its session timeout has passed. A
// processor that reads an internal stream is reset together with those that write it. Of cfg it uses what says how to
// reach the brokers, and how topics are created. Local stores are built again by the next start.
func Reset(ctx context.Context, t *Topology, cfg Config, o RepairOptions) error {
	client, err := openClient(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	run := repair.Reset
	if o.KeepState {
		run = repair.Accept
	}
	if err := run(ctx, client, o.internal(t, cfg)); err != nil {
		return fmt.Errorf("reset topology %q: %w", t.Name(), err)
	}
	return nil
}

// RestoreTables writes the tables of processors again from the local store in cfg.DataDir, where their topics are gone or have less than what was
// committed ([ErrStateMissing]). It has to be run for the data directory of every app that had partitions of them; what a directory does not have is said.
// No app may run, as for [Reset].
func RestoreTables(ctx context.Context, t *Topology, cfg Config, o RepairOptions) (err error) {
	if cfg.DataDir == "" || cfg.InMemory {
		return errors.New("restore tables: needs a data dir")
	}
	if _, err := os.Stat(filepath.Join(cfg.DataDir, t.Name())); err != nil {
		return fmt.Errorf("restore tables: %w", err) // it would be made
	}
	client, err := cluster.Open(cfg.withDefaults().settings())
	if err != nil {
		return err
	}
	defer client.Close()
	db, err := cfg.withDefaults().openStore(t.Name(), 0, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := repair.Restore(ctx, client, db, o.internal(t, cfg)); err != nil {
		return fmt.Errorf("restore tables of topology %q: %w", t.Name(), err)
	}
	return nil
}
