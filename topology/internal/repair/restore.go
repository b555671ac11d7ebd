package repair

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
	"github.com/eddystream/eddy/topology/internal/store"
)

// restorer writes tables from a local store.
type restorer struct {
	c      *cluster.Client
	o      Options
	db     *store.DB
	reader *changelog.Reader
	out    sender.Sender
}

// Restore writes the tables of processors again from the copies in a local store, where the topics have less than their groups committed, or than
// the copies. A partition that is not in the store, or is older there than what the group committed, is left alone.
func Restore(ctx context.Context, c *cluster.Client, db *store.DB, o Options) (err error) {
	processors, err := chosen(ctx, c, o)
	if err != nil {
		return err
	}
	r := &restorer{c: c, o: o, db: db}
	if r.reader, err = changelog.NewReader(c, nil); err != nil {
		return err
	}
	defer r.reader.Close()
	missing, err := missingTopics(ctx, c, processors)
	if err != nil {
		return err
	}
	for _, topic := range missing {
		o.sayf("topic %q is made", topic)
	}
	if !o.DryRun {
		policy := o.Policy
		policy.OnlyOurs, policy.StateIsLost = true, true
		if err := cluster.EnsureTopics(ctx, c, o.Topology, policy); err != nil {
			return err
		}
		missing = nil
		if r.out, err = sender.Open(c, sender.Options{}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.out.Close(ctx)) }()
	}
	for _, p := range processors {
		for _, own := range p.OwnTables() {
			if err := r.table(ctx, p, own.Topic.Name, missing); err != nil {
				return fmt.Errorf("processor %q: %w", p.Name, err)
			}
		}
	}
	return nil
}

// table restores the partitions of a processor's own table.
func (r *restorer) table(ctx context.Context, p *kernel.Processor, topic string, missing []string) error {
	committed, err := r.c.CommittedBy(ctx, p.Group)
	if err != nil {
		return err
	}
	n, err := r.c.Partitions(ctx, inputs(p)[0])
	if err != nil {
		return err
	}
	logs, err := changelogs(ctx, r.c, p, missing)
	if err != nil {
		return err
	}
	identity := store.Identity{}
	if !slices.Contains(missing, topic) {
		if identity.Cluster, err = r.c.ClusterID(ctx); err != nil {
			return err
		}
	}
	for partition := range n {
		now := logs[partition][topic]
		identity.Topic = kadm.TopicID(now.Topic).String()
		if err := r.partition(ctx, p, topic, partition, committed, now, identity); err != nil {
			return fmt.Errorf("table topic %q, partition %d: %w", topic, partition, err)
		}
	}
	return nil
}

// partition restores one partition, if the local copy has more than the log.
func (r *restorer) partition(ctx context.Context, p *kernel.Processor, topic string, partition int32, committed map[kernel.TopicPartition]cluster.CommittedOffset, now fence.Log, identity store.Identity) error {
	table, err := r.db.Table(engine.OwnTable(p.Group, topic, partition))
	if err != nil {
		return err
	}
	at, known, err := table.Progress()
	if err != nil {
		return err
	}
	was, err := table.Identity()
	if err != nil {
		return err
	}
	stood := standsOn(p, topic, partition, committed)
	another := was != identity
	vouched := stood.Topic == now.Topic && stood.Topic != fence.TopicID{} && now.Next >= stood.Next && now.Start <= stood.Start
	switch {
	case !known:
		if !vouched {
			r.o.sayf("partition %d of table topic %q is not in this store", partition, topic)
		}
		return nil
	case vouched && (another || at.Next <= now.Next):
		r.o.sayf("partition %d of table topic %q lacks nothing", partition, topic)
		return nil
	case stood.Topic != fence.TopicID{} && kadm.TopicID(stood.Topic).String() == was.Topic && at.Next < stood.Next:
		r.o.sayf("partition %d of table topic %q is older in this store (offset %d) than what the group committed (%d): another worker has it", partition, topic, at.Next, stood.Next)
		return nil
	}
	rows, err := table.Count()
	if err != nil {
		return err
	}
	r.o.sayf("partition %d of table topic %q is written again, with %d rows as of offset %d", partition, topic, rows, at.Next)
	if r.o.DryRun {
		return nil
	}
	stamp := fence.Stamp{Task: fence.Task{Processor: p.Name, Partition: partition}, Epoch: max(time.Now().Unix(), at.Epoch+1, r.epoch(p, partition, committed)+1)}
	next, err := r.write(ctx, topic, partition, table, now, stamp)
	if err != nil {
		return err
	}
	b := r.db.Batch()
	b.SetIdentity(table, identity)
	b.SetProgress(table, store.Progress{Next: next, Epoch: stamp.Epoch, AsOf: time.Now()})
	if err := b.Commit(); err != nil {
		return err
	}
	return r.vouch(ctx, p, topic, partition, stamp.Epoch, fence.Log{Topic: now.Topic, Start: now.Start, Next: next})
}

// epoch is the greatest epoch that a partition's owner is known to have had.
func (r *restorer) epoch(p *kernel.Processor, partition int32, committed map[kernel.TopicPartition]cluster.CommittedOffset) int64 {
	var epoch int64
	for _, topic := range inputs(p) {
		if seen, err := fence.ParseSeen(committed[kernel.TopicPartition{Topic: topic, Partition: partition}].Metadata); err == nil {
			epoch = max(epoch, seen.Epoch(fence.Task{Partition: partition}))
		}
	}
	return epoch
}

// write sends all rows, and a delete for each key of the log that has no row. It returns where the log then ends.
func (r *restorer) write(ctx context.Context, topic string, partition int32, table *store.Table, now fence.Log, stamp fence.Stamp) (int64, error) {
	headers := []kernel.Header{{Key: fence.HeaderKey, Value: stamp.Append(nil)}}
	failed := make(chan error, 1)
	send := func(key, value []byte) error {
		return r.out.Send(ctx, sender.Record{
			Topic: topic, Partition: partition, Key: bytes.Clone(key), Value: value, Timestamp: time.Now(), Headers: headers,
		}, func(_ int64, err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	for row, err := range table.Range(nil, nil) {
		if err == nil {
			err = send(row.Key, append([]byte{}, row.Value...)) // a row without content is no delete
		}
		if err != nil {
			return 0, err
		}
	}
	tp := kernel.TopicPartition{Topic: topic, Partition: partition}
	for record, err := range r.reader.Read(ctx, tp, now.Start, now.Next) {
		if err != nil {
			return 0, err
		}
		has, err := table.Has(record.Key)
		if err == nil && !has && record.Key != nil {
			err = send(record.Key, nil)
		}
		if err != nil {
			return 0, err
		}
	}
	if err := r.out.Flush(ctx); err != nil {
		return 0, err
	}
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	ends, err := r.c.Ends(ctx, topic)
	if err != nil {
		return 0, err
	}
	return ends[topic][partition], nil
}

// vouch commits the same offsets with the log that was written as one that they stand on, beside those of the other tables.
func (r *restorer) vouch(ctx context.Context, p *kernel.Processor, table string, partition int32, epoch int64, l fence.Log) error {
	committed, err := r.c.CommittedBy(ctx, p.Group)
	if err != nil {
		return err
	}
	offsets := map[kernel.TopicPartition]cluster.CommittedOffset{}
	for _, topic := range inputs(p) {
		tp := kernel.TopicPartition{Topic: topic, Partition: partition}
		at, ok := committed[tp]
		if !ok {
			continue
		}
		seen, err := fence.ParseSeen(at.Metadata)
		if err != nil {
			return err
		}
		seen.Admit(fence.Stamp{Task: fence.Task{Partition: partition}, Epoch: epoch})
		logs := map[string]fence.Log{table: l}
		for topic, other := range seen.Mark.Changelogs {
			if topic != table {
				logs[topic] = other
			}
		}
		seen.Mark.Changelogs = logs
		text, err := seen.Text()
		if err != nil {
			return err
		}
		offsets[tp] = cluster.CommittedOffset{Next: at.Next, Metadata: text}
	}
	if len(offsets) == 0 {
		return nil
	}
	return r.c.CommitOffsets(ctx, cluster.Nobody(p.Group), offsets)
}

// standsOn is the log of a table that a partition's offsets stand on; the zero Log if they do not say.
func standsOn(p *kernel.Processor, table string, partition int32, committed map[kernel.TopicPartition]cluster.CommittedOffset) fence.Log {
	var l fence.Log
	var epoch int64
	for _, topic := range inputs(p) {
		seen, err := fence.ParseSeen(committed[kernel.TopicPartition{Topic: topic, Partition: partition}].Metadata)
		if err != nil {
			continue
		}
		of, ok := seen.Mark.Changelogs[table]
		if by := seen.Epoch(fence.Task{Partition: partition}); ok && (by > epoch || by == epoch && of.Next > l.Next) {
			l, epoch = of, by
		}
	}
	return l
}
