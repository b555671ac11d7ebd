//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"golang.org/x/sync/errgroup"
)

// Run is one schedule on one cluster.
type Run struct {
	*Cluster

	schedule Schedule
	random   *rand.Rand // of what the schedule leaves open, such as bytes that are damaged
	flood    *flood
	up       map[*Worker]bool // those that are to run
	tail     kadm.Offsets     // where logs ended that will lose what comes behind
	// What has been lost: topics that were deleted, partitions whose log is shorter than it was, and what each worker had of them locally.
	gone      map[string]bool
	incurable bool // nothing can be done about it
	hurt      map[partition]bool
	kept      map[*Worker]map[partition]map[string][]byte
}

// Play runs a schedule on a new cluster, and judges what is left. The error says what did not run as it has to: a worker that
// ended, or something that was waited for until the end of ctx. Of cfg it takes the commands, the folder, and Goka with its Forgive.
func Play(ctx context.Context, s Schedule, cfg Config) (_ *Verdict, err error) {
	c, err := NewCluster(ctx, s.config(cfg))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	r := &Run{
		Cluster: c, schedule: s, random: rand.New(rand.NewPCG(s.Seed, 2)), up: map[*Worker]bool{},
		gone: map[string]bool{}, hurt: map[partition]bool{}, kept: map[*Worker]map[partition]map[string][]byte{},
	}
	v, err := r.outcome(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", s.Kind, err), r.nameHanging())
	}
	return v, nil
}

// outcome plays the schedule to its end, or to a refusal that its kind of faults allows, and judges.
func (r *Run) outcome(ctx context.Context) (*Verdict, error) {
	k := r.schedule.kind
	err := r.guarded(ctx, r.play)
	ended, ok := errors.AsType[*EndedError](err)
	switch {
	case ok && !k.loses && r.hangs(ctx, ended.Words):
		return r.remedied(ctx, ended, abortHanging)
	case ok && k.loses:
		return r.refusal(ctx, ended)
	}
	if err != nil {
		return nil, err
	}
	v, err := r.judge(ctx)
	if err == nil && k.refuses && !r.Goka {
		return nil, fmt.Errorf("logs have lost something of %s, and no worker says so: %s", r.lost(), v)
	}
	return v, err
}

// guarded does something that is over when a worker ends by itself.
func (r *Run) guarded(ctx context.Context, do step) error {
	ctx, done := r.guard(ctx)
	return done(do(ctx))
}

// refusal judges the end of a worker by itself: what it says, and what it has left. Then it does what can be done, if anything, and judges that.
func (r *Run) refusal(ctx context.Context, ended *EndedError) (*Verdict, error) {
	if err := r.refused(ended.Words); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ended)
	}
	v, err := r.judgeRefused(ctx, ended.Words)
	remedy := r.schedule.kind.remedy
	if err != nil || v.Err() != nil || remedy == nil || r.Goka {
		return v, err
	}
	clear(r.gone)
	clear(r.hurt)
	return r.remedied(ctx, ended, remedy)
}

// halt ends a schedule where it is: the workers that still run are killed, and all brokers run.
func (r *Run) halt(ctx context.Context) error {
	for _, w := range r.Workers {
		if err := w.halt(); err != nil {
			return err
		}
	}
	return inOrder(ctx, r.kafka.Heal, r.inSync)
}

// remedied does what a worker said can be done, has all workers begin again, and judges.
func (r *Run) remedied(ctx context.Context, ended *EndedError, remedy func(context.Context, *Run) error) (*Verdict, error) {
	err := inOrder(ctx, r.halt, r.Dismiss, func(ctx context.Context) error { return remedy(ctx, r) })
	if err != nil {
		return nil, fmt.Errorf("what can be done where a worker says %q: %w", ended.Words, err)
	}
	err = r.guarded(ctx, func(ctx context.Context) error {
		return inOrder(ctx, r.starting(r.Workers...), r.whole(r.Workers...), r.Settle, r.finish)
	})
	if err != nil {
		return nil, fmt.Errorf("after what can be done where a worker says %q: %w", ended.Words, err)
	}
	v, err := r.judge(ctx)
	if err == nil {
		v.Remedied = ended.Words
	}
	return v, err
}

// play runs the schedule, and leaves no worker running.
func (r *Run) play(ctx context.Context) error {
	first := r.Workers[:len(r.Workers)-r.schedule.Spare]
	steps := []step{r.starting(first...), r.whole(first...), r.Found, r.Settle}
	if prepare := r.schedule.kind.prepare; prepare != nil {
		steps = append([]step{func(ctx context.Context) error { return prepare(ctx, r) }}, steps...)
	}
	if err := inOrder(ctx, steps...); err != nil {
		return err
	}
	for _, w := range first {
		r.up[w] = true
	}
	r.flood = newFlood(r.pipeline)
	if err := r.flood.watch(ctx); err != nil {
		return err
	}
	if err := errors.Join(r.steps(ctx), r.flood.close()); err != nil {
		return err
	}
	for _, w := range r.Workers {
		if !r.up[w] {
			if err := w.Start(ctx); err != nil {
				return err
			}
		}
	}
	return inOrder(ctx, r.whole(r.Workers...), r.Settle, r.finish)
}

// steps does what the schedule says, during a flood.
func (r *Run) steps(ctx context.Context) error {
	if err := r.flood.start(ctx); err != nil {
		return err
	}
	for i, s := range r.schedule.Steps {
		if err := r.do(ctx, s); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, s.Fault, err)
		}
	}
	return r.flood.end(ctx)
}

// do does one step.
func (r *Run) do(ctx context.Context, s Step) error {
	f, known := catalogue()[s.Fault]
	if !known {
		return errors.New("there is no such fault")
	}
	steps := []step{r.flood.more(s.After), r.bind(f.begin, s)}
	switch {
	case s.For > 0:
		steps = append(steps, func(ctx context.Context) error { return pause(ctx, s.For) })
	case f.takeover && len(r.others(s)) > 0:
		steps = append(steps, r.whole(r.others(s)...))
	}
	if s.More > 0 {
		steps = append(steps, r.flood.more(s.More))
	}
	if s.Rest {
		steps = append(steps, r.flood.end, r.Settle)
	}
	if f.end != nil {
		steps = append(steps, r.bind(f.end, s))
	}
	if !s.Hasty {
		steps = append(steps, func(ctx context.Context) error { return r.Whole(ctx, r.running()...) })
	}
	return inOrder(ctx, steps...)
}

// running are the workers that are to run, and others those of them that the step is not about.
func (r *Run) running() []*Worker {
	return slices.DeleteFunc(slices.Clone(r.Workers), func(w *Worker) bool { return !r.up[w] })
}

func (r *Run) others(s Step) []*Worker {
	return slices.DeleteFunc(r.running(), func(w *Worker) bool { return slices.Contains(r.workers(s), w) })
}

// workers are those that a step is about.
func (r *Run) workers(s Step) []*Worker {
	var list []*Worker
	for _, i := range s.Who {
		list = append(list, r.Workers[i])
	}
	return list
}

// finish lets all workers begin once more, from what they have on disk, and sends what shows what was lost: by then no former process
// can write any more. At the end each worker in turn has everything, so that no store is left as it was when its partition went
// elsewhere.
func (r *Run) finish(ctx context.Context) error {
	err := inOrder(ctx, r.stopping(r.Workers...), r.starting(r.Workers...), r.whole(r.Workers...), r.Settle,
		r.pipeline.last, r.Settle, r.stopping(r.Workers...))
	if err != nil {
		return err
	}
	for _, w := range r.Workers {
		if err := inOrder(ctx, r.Dismiss, w.Start, r.whole(w), r.Settle, w.Stop); err != nil {
			return fmt.Errorf("worker %s alone: %w", w.Name, err)
		}
	}
	return nil
}

// step is a part of what a schedule does.
type step = func(context.Context) error

// inOrder does one step after the other, up to the first error.
func inOrder(ctx context.Context, steps ...step) error {
	for _, do := range steps {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) starting(workers ...*Worker) step {
	return func(ctx context.Context) error { return r.Start(ctx, workers...) }
}

func (r *Run) stopping(workers ...*Worker) step {
	return func(ctx context.Context) error { return r.Stop(ctx, workers...) }
}

func (r *Run) whole(workers ...*Worker) step {
	return func(ctx context.Context) error { return r.Whole(ctx, workers...) }
}

func (r *Run) bind(do func(context.Context, *Run, Step) error, s Step) step {
	return func(ctx context.Context) error { return do(ctx, r, s) }
}

// each does the same to several workers at once.
func each(ctx context.Context, workers []*Worker, do func(context.Context, *Worker) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range workers {
		group.Go(func() error { return do(ctx, w) })
	}
	return group.Wait()
}
