package faults

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// partition names a partition of a table's topic.
type partition struct {
	topic string
	id    int32
}

// entry is one record of a changelog.
type entry struct {
	offset int64
	key    string
	value  []byte // nil: the row is deleted
	epoch  int64  // of the writer; 0: not said
	writer string
}

// readChangelogs reads all committed records of the topics, by partition, in their order.
func readChangelogs(ctx context.Context, brokers, topics []string) (map[partition][]entry, error) {
	kafka, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return nil, err
	}
	defer kafka.Close()
	admin := kadm.NewClient(kafka)
	starts, err := listed(ctx, admin.ListStartOffsets, topics)
	if err != nil {
		return nil, fmt.Errorf("starts of changelogs: %w", err)
	}
	ends, err := committedEnds(ctx, admin, topics)
	if err != nil {
		return nil, fmt.Errorf("ends of changelogs: %w", err)
	}
	logs, left := map[partition][]entry{}, map[partition]int64{}
	from := map[string]map[int32]kgo.Offset{}
	ends.Each(func(o kadm.ListedOffset) {
		p := partition{o.Topic, o.Partition}
		logs[p] = nil
		if start, ok := starts.Lookup(o.Topic, o.Partition); ok && start.Offset >= o.Offset {
			return // there is nothing to be read, or nothing any more
		}
		left[p] = o.Offset
		if from[o.Topic] == nil {
			from[o.Topic] = map[int32]kgo.Offset{}
		}
		from[o.Topic][o.Partition] = kgo.NewOffset().AtStart()
	})
	kafka.AddConsumePartitions(from)
	for len(left) > 0 {
		fetches := kafka.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading changelogs: %w; %d partitions are left", err, len(left))
		}
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("reading changelogs: %w", err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			rec := it.Next()
			p := partition{rec.Topic, rec.Partition}
			if rec.Offset+1 >= left[p] {
				delete(left, p)
			}
			if rec.Attrs.IsControl() {
				continue
			}
			e := entry{offset: rec.Offset, key: string(rec.Key), value: rec.Value}
			if e.epoch, e.writer, err = epochOf(rec); err != nil {
				return nil, fmt.Errorf("topic %s, partition %d, offset %d: %w", rec.Topic, rec.Partition, rec.Offset, err)
			}
			logs[p] = append(logs[p], e)
		}
	}
	return logs, nil
}

// marked is how long brokers may take to write the markers of transactions that they call committed.
const marked = 10 * time.Second

// committedEnds lists where what is committed ends, once nothing is behind it, or only transactions that hang: nobody reads behind these.
func committedEnds(ctx context.Context, admin *kadm.Client, topics []string) (kadm.ListedOffsets, error) {
	for began := time.Now(); ; {
		ends, err := listed(ctx, admin.ListEndOffsets, topics)
		if err != nil {
			return nil, err
		}
		committed, err := listed(ctx, admin.ListCommittedOffsets, topics)
		if err != nil {
			return nil, err
		}
		behind := false
		ends.Each(func(end kadm.ListedOffset) {
			last, ok := committed.Lookup(end.Topic, end.Partition)
			behind = behind || !ok || last.Offset < end.Offset
		})
		if !behind || time.Since(began) > marked {
			return committed, nil
		}
		select {
		case <-time.After(marked / 100):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// leading is how long brokers that are back may take to have a leader for each partition.
const leading = time.Minute

// listed lists offsets once each partition has a leader.
func listed(ctx context.Context, list func(context.Context, ...string) (kadm.ListedOffsets, error), topics []string) (kadm.ListedOffsets, error) {
	ctx, cancel := context.WithTimeout(ctx, leading)
	defer cancel()
	for {
		offsets, err := list(ctx, topics...)
		if err == nil {
			err = offsets.Error()
		}
		if err == nil || !kerr.IsRetriable(err) {
			return offsets, err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return offsets, err
		}
	}
}

// epochHeader is the header that says who wrote a record, and in which epoch: epoch, partition (unsigned varints), processor.
const epochHeader = "eddy-epoch"

var errEpoch = errors.New("header " + epochHeader + " is not an epoch")

func epochOf(rec *kgo.Record) (epoch int64, writer string, err error) {
	for _, h := range rec.Headers {
		if h.Key != epochHeader {
			continue
		}
		e, n := binary.Uvarint(h.Value)
		if n <= 0 {
			return 0, "", fmt.Errorf("%w: %x", errEpoch, h.Value)
		}
		return int64(e), string(h.Value[n:]), nil
	}
	return 0, "", nil
}

// fold returns the rows below an offset: the last record of each key, but for records that a former epoch of their writer wrote behind
// a later one.
func fold(log []entry, until int64) map[string][]byte {
	rows, greatest := map[string][]byte{}, map[string]int64{}
	for _, e := range log {
		if e.offset >= until {
			break
		}
		if e.epoch != 0 {
			if e.epoch < greatest[e.writer] {
				continue
			}
			greatest[e.writer] = e.epoch
		}
		if e.value == nil {
			delete(rows, e.key)
			continue
		}
		rows[e.key] = e.value
	}
	return rows
}

// compacted returns what compaction leaves of a log at the latest: the last record of each key, whoever wrote it.
func compacted(log []entry) []entry {
	last := map[string]int64{}
	for _, e := range log {
		last[e.key] = e.offset
	}
	var out []entry
	for _, e := range log {
		if last[e.key] == e.offset {
			out = append(out, e)
		}
	}
	return out
}
