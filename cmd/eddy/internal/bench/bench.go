package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/eddystream/eddy/cmd/eddy/internal/embedded"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/topology"
)

// Options say what is measured.
type Options struct {
	Topology *topology.Topology
	// Run is the framework's configuration. Without brokers, the embedded one is started. The topics must be empty.
	Run   topology.Config
	Pages int // articles
	Seed  uint64
	// Workload is the prefix of the files of a wiki that somebody else generated, in the place of one of Pages and Seed:
	// PREFIX.ndjson.zst, PREFIX.edits.ndjson and PREFIX.json. Defaults to none.
	Workload string
	// Repeats is how often the cascades of many pages are run. Defaults to 1.
	Repeats int
	// Small is how many small cascades are timed. Defaults to 200.
	Small int
	// Step is told what is being measured.
	Step func(string)
	// Worker returns the command of a process that runs the topology, with its local stores in dir, until SIGTERM. If it is nil, the pipeline
	// runs in this process.
	Worker func(ctx context.Context, dir string) *exec.Cmd
	// Profiles are written beside the figures. They are of this process.
	Profiles Profiles
}

// Run measures. Local stores are in a folder below Run.DataDir, or a temporary one, that is removed at the end. An
// error wraps ErrWrong if the pipeline did not do what it should.
func Run(ctx context.Context, opt Options) (_ *Result, err error) {
	if opt.Small == 0 {
		opt.Small = 200
	}
	if opt.Repeats == 0 {
		opt.Repeats = 1
	}
	wiki, err := open(opt)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(opt.Run.DataDir, "eddy-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg := opt.Run
	cfg.DataDir = filepath.Join(dir, "stores")
	embeddedBroker := len(cfg.Brokers) == 0
	if embeddedBroker {
		broker, err := embedded.Start(embedded.Config{Partitions: cfg.Partitions})
		if err != nil {
			return nil, err
		}
		defer broker.Close()
		cfg.Brokers, cfg.Replication = broker.Addrs(), 1
	}
	stop, err := opt.Profiles.startCPU()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	b := &run{opt: opt, cfg: cfg, wiki: wiki, dir: dir, result: &Result{
		Pages: wiki.pages, Seed: wiki.seed, Workload: opt.Workload, Partitions: cfg.Partitions, Embedded: embeddedBroker,
	}}
	return b.result, b.all(ctx)
}

func open(opt Options) (*workload, error) {
	if opt.Workload != "" {
		w, err := readWorkload(opt.Workload)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrWorkload, err)
		}
		return w, nil
	}
	return generated(simwiki.Shape{Seed: opt.Seed, Pages: opt.Pages})
}

// ErrWorkload is wrapped by the error of a workload whose files are not there, or not what they should be.
var ErrWorkload = errors.New("workload")

// ErrWrong says that a pipeline asked for other pages than it should have.
var ErrWrong = errors.New("wrong requests")

type run struct {
	opt    Options
	cfg    topology.Config
	wiki   *workload
	asked  int // requests that came of edits
	log    written
	dir    string
	result *Result
	sent   int // edits
}

// all runs every step in order.
func (b *run) all(ctx context.Context) error {
	b.opt.Step("filling the topics")
	if err := topology.CreateTopics(ctx, b.opt.Topology, b.cfg); err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil {
		return fmt.Errorf("filling the topics: %w", err)
	}
	if err := b.process(ctx); err != nil {
		return err
	}
	b.opt.Step("reading the dependents table")
	if err := b.table(ctx); err != nil {
		return fmt.Errorf("reading the dependents table: %w", err)
	}
	return nil
}

// process runs the pipeline over what the topics hold, then the cascades.
func (b *run) process(ctx context.Context) (err error) {
	b.opt.Step("building the tables")
	start, cpu := time.Now(), cpuSeconds()
	p, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer func() {
		peak, e := p.stop()
		b.result.PeakRSS = peak // before a second store is built, it may be in the same process
		err = errors.Join(err, e)
	}()
	if err := p.settle(ctx); err != nil {
		return fmt.Errorf("building the tables: %w", err)
	}
	took := time.Since(start)
	b.result.BuildCPU = cpuSeconds() - cpu
	b.result.Build = rate(b.result.Fill.Records, 0, took)
	b.result.EdgeSec = float64(b.result.Edges) / took.Seconds()
	rows, bytes := b.log.rows.Load(), b.log.bytes.Load()
	if err := b.cascades(ctx, p); err != nil {
		return err
	}
	b.result.Written = b.log.since(rows, bytes, b.asked)
	return nil
}
