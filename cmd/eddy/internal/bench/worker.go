package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/eddystream/eddy/topology"
)

// pipeline is what is measured, while it runs.
type pipeline interface {
	// settle returns when everything is processed and committed.
	settle(ctx context.Context) error
	// producer returns what edits are sent with, so that settle counts them.
	producer() *topology.Producer
	// stop ends it, and returns the most memory that it ever held, in bytes.
	stop() (peakRSS int64, err error)
}

// start starts what is measured.
func (b *run) start(ctx context.Context) (pipeline, error) {
	if b.opt.Worker == nil {
		return b.startHere(ctx)
	}
	return b.startWorker(ctx)
}

// here is the pipeline in this process.
type here struct {
	app      *topology.App
	cancel   context.CancelFunc
	ended    chan error
	profiles Profiles
}

func (b *run) startHere(ctx context.Context) (pipeline, error) {
	cfg := b.cfg
	cfg.Observer = b.log.observe(cfg.Observer)
	app, err := topology.NewApp(b.opt.Topology, cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	h := &here{app: app, cancel: cancel, ended: make(chan error, 1), profiles: b.opt.Profiles}
	go func() { h.ended <- app.Run(ctx) }()
	return h, nil
}

func (h *here) settle(ctx context.Context) error { return h.app.Settle(ctx) }

func (h *here) producer() *topology.Producer { return h.app.Producer() }

func (h *here) stop() (int64, error) {
	err := h.profiles.heap()
	h.cancel()
	err = errors.Join(err, <-h.ended)
	peak, e := peakRSS()
	return peak, errors.Join(err, e)
}

// worker is the pipeline in a process of its own. What measures it takes none of its memory, and sees what comes of it as
// any other program does.
type worker struct {
	b     *run
	cmd   *exec.Cmd
	ended context.Context // its cause says how
	edits *topology.Producer
}

const (
	// stopWithin is how long a worker may take to stop; it is killed then.
	stopWithin = 30 * time.Second
	// restPart is the part of the time that the brokers may be asked whether all is at rest: asking takes them work, too.
	restPart = 20
)

// errStopped is the cause of a worker's end where it ended by itself and without an error.
var errStopped = errors.New("the worker has stopped")

func (b *run) startWorker(ctx context.Context) (pipeline, error) {
	edits, err := topology.OpenProducer(b.cfg)
	if err != nil {
		return nil, err
	}
	cmd := b.opt.Worker(ctx, b.cfg.DataDir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopWithin
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("worker: %w", err), edits.Close())
	}
	ended, end := context.WithCancelCause(context.Background())
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errStopped
		}
		end(fmt.Errorf("worker: %w", err))
	}()
	return &worker{b: b, cmd: cmd, ended: ended, edits: edits}, nil
}

func (w *worker) settle(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(w.ended, func() { cancel(context.Cause(w.ended)) })()
	for {
		began := time.Now()
		rest, err := topology.AtRest(ctx, w.b.opt.Topology, w.b.cfg)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case rest:
			return nil
		}
		select {
		case <-time.After(restPart * time.Since(began)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (w *worker) producer() *topology.Producer { return w.edits }

func (w *worker) stop() (_ int64, err error) {
	defer func() { err = errors.Join(err, w.edits.Close()) }()
	_ = w.cmd.Process.Signal(syscall.SIGTERM) // an error says that it has ended
	kill := time.AfterFunc(stopWithin, func() { _ = w.cmd.Process.Kill() })
	defer kill.Stop()
	<-w.ended.Done()
	if err := context.Cause(w.ended); !errors.Is(err, errStopped) {
		return 0, err
	}
	usage, ok := w.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("memory: the system does not say what the worker held")
	}
	return rssBytes(usage), nil
}
