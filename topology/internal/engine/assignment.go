package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/gokagroup"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/source"
	"github.com/eddystream/eddy/topology/internal/store"
)

// assignment is a processor's partitions during one generation of its group.
type assignment struct {
	p       *processor
	session *gokagroup.Session
	began   time.Time
	tasks   map[int32]*task

	// writing is done when nothing may be written any more: all is committed, the time to drain has passed, or the group may have given
	// the partitions away. Everything that commits ends with it.
	writing context.Context
	end     context.CancelCauseFunc
	// storing is held for reading by who writes to the local store; whoever closes the assignment waits for it.
	storing sync.RWMutex

	lease       *lease
	offsets     *offsets
	source      *source.Source
	coordinator coordinator
	helpers     sync.WaitGroup // those that renew the lease and commit offsets

	found       map[kernel.TopicPartition]cluster.CommittedOffset // committed when the assignment began
	restoration *restoration                                      // the loading of own tables; nil before it has begun
	standby     []func() error                                    // each ends the copying of a table that another member owns

	mu    sync.Mutex // guards joins, and the tasks', while tables are opened side by side
	joins []join
}

func newAssignment(p *processor, s *gokagroup.Session) (*assignment, error) {
	a := &assignment{p: p, session: s, began: time.Now(), tasks: map[int32]*task{}}
	a.writing, a.end = context.WithCancelCause(context.Background())
	a.lease = newLease(p.e.opts.Cluster, s.Member, a.leave)
	a.offsets = newOffsets(a)
	for _, partition := range s.Partitions {
		t := newTask(a, partition)
		if err := p.equip(t); err != nil {
			return nil, err
		}
		a.tasks[partition] = t
	}
	p.e.opts.Memory.Batches.tasks.Add(int64(len(a.tasks)))
	return a, nil
}

// inputs lists the partitions that the assignment reads.
func (a *assignment) inputs() []kernel.TopicPartition {
	var list []kernel.TopicPartition
	for _, t := range a.tasks {
		for _, in := range t.inputs {
			list = append(list, in.tp)
		}
	}
	return list
}

// start begins to process. The joins are open.
func (a *assignment) start(ctx context.Context) error {
	if len(a.tasks) == 0 {
		return nil
	}
	if err := a.restoration.wait(); err != nil || a.writing.Err() != nil {
		return err
	}
	if err := a.takeOver(ctx); err != nil {
		return err
	}
	a.coordinator = a.p.coordinator(a)
	var err error
	if a.source, err = source.Open(a.p.e.opts.Client, len(a.inputs()), a.p.e.opts.Memory.Fetched, a.p.log); err != nil {
		return fmt.Errorf("processor %q: %w", a.p.k.Name, err)
	}
	if err := a.rewriteAllStale(ctx); err != nil {
		return err
	}
	a.helpers.Go(func() { a.offsets.keep(a.writing) })
	for _, t := range a.tasks {
		for _, in := range t.inputs {
			in.from = a.source.Read(in.tp.Topic, in.tp.Partition, in.start, t.wake)
		}
		t.life.to(running)
		go t.run()
	}
	a.helpers.Go(func() { a.lookForRecords(a.writing) })
	return nil
}

// takeOver finds out where the former owners of the partitions left off, and fences them: every task gets an epoch that is greater than
// any before, which is committed, as a member of the present generation, before the task writes anything. Of two members that both believe
// to own a partition only one can commit, and whoever comes after it finds its epoch.
func (a *assignment) takeOver(ctx context.Context) error {
	client, group := a.p.e.opts.Cluster, a.session.Member.Group
	inputs := a.inputs()
	found, err := client.StableOffsets(ctx, group, inputs)
	if err != nil {
		return err
	}
	logs, err := a.readLogs(ctx, found)
	if err != nil {
		return err
	}
	taken := map[kernel.TopicPartition]cluster.CommittedOffset{}
	for _, t := range a.tasks {
		epoch := max(a.p.e.now().Unix(), t.loadedEpoch()+1) // where nothing is known of a former epoch, time stands for one
		for _, in := range t.inputs {
			at := found[in.tp]
			if in.seen, err = fence.ParseSeen(at.Metadata); err != nil {
				return a.inputError(in, err)
			}
			in.strangers = in.seen.Count(in.def.strange)
			epoch = max(epoch, in.seen.Epoch(t.owner())+1)
			t.time.stream = max(t.time.stream, in.seen.Epoch(fence.StreamClock))
			if err := a.place(in, at, logs); err != nil {
				return a.inputError(in, err)
			}
			in.at = in.start
			in.waits = in.start < logs.ends[in.tp.Topic][in.tp.Partition]
			in.committed.Store(in.start)
		}
		t.stand(logs)
		t.begin(epoch)
		a.p.suspects.begin(t)
		for _, in := range t.inputs {
			metadata, err := in.metadata()
			if err != nil {
				return a.inputError(in, err)
			}
			taken[in.tp] = cluster.CommittedOffset{Next: in.start, Metadata: metadata}
		}
	}
	if err := client.CommitOffsets(ctx, a.session.Member, taken); err != nil {
		if errors.Is(err, cluster.ErrNotMember) {
			a.leave(err) // the group has moved on; so does this member
			return nil
		}
		return err
	}
	return nil
}

func (a *assignment) inputError(in *input, err error) error {
	return &ProcessError{Processor: a.p.k.Name, Topic: in.tp.Topic, Partition: in.tp.Partition, Offset: -1, Err: err}
}

// leave ends the membership in the generation: nothing more is written, and the member joins again.
func (a *assignment) leave(cause error) {
	if a.writing.Err() == nil {
		a.p.log.Warn("leaves its partitions, and joins again", "partitions", a.session.Partitions, "generation", a.session.Member.Generation, "error", cause)
	}
	a.end(cause)
	a.session.End(cause)
}

// write writes the rows of batches, of all tables, and where their changelogs end to the local store, in one atomic write; or nothing, if nothing may be written any more.
func (a *assignment) write(batches []*batch) error {
	a.storing.RLock()
	defer a.storing.RUnlock()
	if err := context.Cause(a.writing); err != nil {
		return err
	}
	if err := a.lease.check(); err != nil {
		return err
	}
	var written *rows // any
	for _, b := range batches {
		for _, c := range b.logged() {
			written = c.of
		}
	}
	if written == nil {
		return nil
	}
	db := a.p.e.opts.Store.Batch()
	for _, b := range batches {
		for _, c := range b.local {
			c.of.put(db, c.rows)
		}
		for _, c := range b.logged() {
			c.of.put(db, c.rows)
			db.SetProgress(c.of.table, store.Progress{Next: c.of.ends.Load(), Epoch: b.task.epoch, AsOf: b.cut})
		}
	}
	if err := db.Commit(); err != nil {
		return &ProcessError{Processor: a.p.k.Name, Topic: written.tp.Topic, Partition: written.tp.Partition, Offset: -1, Err: err}
	}
	return nil
}

// close ends the assignment: what was processed is committed, if that takes no longer than limit and the group still counts the member.
// It reports whether everything was.
func (a *assignment) close(limit time.Duration) (complete bool) {
	timer := time.AfterFunc(limit, func() { a.end(errDrainTimeout) })
	defer timer.Stop()
	if !a.session.Current() {
		a.end(context.Cause(a.session.Context()))
	}
	defer context.AfterFunc(a.p.e.crashing, func() { a.end(errCrashed) })()
	a.restoration.stop()
	started := a.source != nil
	if started {
		a.source.Close()
	}
	for _, t := range a.tasks {
		if t.life.state() != running && t.life.state() != draining {
			continue
		}
		select {
		case <-t.done:
		case <-a.writing.Done():
		}
	}
	complete = a.writing.Err() == nil
	for _, t := range a.tasks {
		complete = complete && (!started || t.isDone() && t.complete())
	}
	if a.writing.Err() == nil && started {
		ctx, cancel := context.WithTimeout(a.writing, flushWithin)
		a.offsets.flush(ctx)
		cancel()
	}
	a.end(errOver)
	a.storing.Lock()   // what has begun to be stored is waited for; nothing else is
	a.storing.Unlock() //nolint:staticcheck // see above
	if a.coordinator != nil {
		a.coordinator.close()
		a.p.settleSenders(complete)
	}
	a.helpers.Wait()
	for _, stop := range a.standby {
		_ = stop() // it says itself what is wrong
	}
	for _, t := range a.tasks {
		if t.life.state() < running {
			t.closeCaches()
		}
		t.life.to(closed)
	}
	a.p.e.opts.Memory.Batches.tasks.Add(-int64(len(a.tasks)))
	return complete
}

// flushWithin bounds the last commit of offsets.
const flushWithin = 5 * time.Second

var (
	errDrainTimeout = errors.New("the time to drain has passed")
	errCrashed      = errors.New("crashed")
	errOver         = errors.New("the assignment is over")
)

// isDone reports whether the task's goroutine has ended.
func (t *task) isDone() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// reached tells whoever wants to know that a step of a commit was done.
func (a *assignment) reached(step string) {
	if f := a.p.e.opts.Reached; f != nil {
		f(step)
	}
}
