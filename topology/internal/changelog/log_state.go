package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// logState is what the cluster says of a partition when a load begins.
type logState struct {
	asked        time.Time // before the cluster was
	identity     store.Identity
	topic        fence.TopicID
	start        int64
	stable       int64         // the last stable offset
	end          int64         // the high watermark
	keepsDeletes time.Duration // how long the topic keeps tombstones
	expires      bool          // rows go with age, and the start of the log with them
}

func (r *Reader) logState(ctx context.Context, tp kernel.TopicPartition) (logState, error) {
	s := logState{asked: time.Now()}
	var err error
	if s.identity.Cluster, err = r.cluster.ClusterID(ctx); err != nil {
		return s, err
	}
	ids, err := r.cluster.TopicIDs(ctx, tp.Topic)
	if err != nil {
		return s, err
	}
	s.topic = ids[tp.Topic]
	s.identity.Topic = kadm.TopicID(s.topic).String()
	config, err := r.cluster.TableConfig(ctx, tp.Topic)
	if err != nil {
		return s, err
	}
	s.keepsDeletes, s.expires = config.DeleteRetention, config.Expires
	for _, ask := range []struct {
		list func(context.Context, ...string) (map[string][]int64, error)
		into *int64
	}{{r.cluster.Starts, &s.start}, {r.cluster.StableEnds, &s.stable}, {r.cluster.Ends, &s.end}} {
		offsets, err := ask.list(ctx, tp.Topic)
		if err != nil {
			return s, err
		}
		if tp.Partition < 0 || int(tp.Partition) >= len(offsets[tp.Topic]) {
			return s, fmt.Errorf("topic %q has no partition %d: %w", tp.Topic, tp.Partition, cluster.ErrNoTopic)
		}
		*ask.into = offsets[tp.Topic][tp.Partition]
	}
	return s, nil
}

// resume returns where reading goes on for a table. With a reason the table is no copy of this log and must be cleared first.
func (s logState) resume(t *store.Table) (at store.Progress, reason string, err error) {
	anew := store.Progress{Next: s.start, AsOf: s.asked}
	at, known, err := t.Progress()
	if err == nil && !known {
		return anew, "", clearUnknown(t)
	}
	identity, idErr := t.Identity()
	if err := errors.Join(err, idErr); err != nil {
		return anew, "", fmt.Errorf("%w: %w", ErrStore, err)
	}
	age := s.asked.Sub(at.AsOf)
	switch {
	case identity.Cluster != s.identity.Cluster:
		reason = fmt.Sprintf("the store is of cluster %q, this is %q", identity.Cluster, s.identity.Cluster)
	case identity.Topic != s.identity.Topic:
		reason = fmt.Sprintf("the store is of topic id %q, this is %q", identity.Topic, s.identity.Topic)
	case at.Next > s.end:
		reason = fmt.Sprintf("the store is at offset %d, past the end, %d", at.Next, s.end)
	case at.Next < s.start:
		reason = fmt.Sprintf("the store is at offset %d, before the start, %d", at.Next, s.start)
	case age > s.keepsDeletes && at.Next < s.end:
		reason = fmt.Sprintf("the store was complete %s ago, and the topic keeps deletes for %s", age.Round(time.Millisecond), s.keepsDeletes)
	default:
		return at, "", nil
	}
	return anew, reason, nil
}

// clearUnknown clears a table that has rows and no progress, which nothing that writes by the rules leaves behind.
func clearUnknown(t *store.Table) error {
	for _, err := range t.Range(nil, nil) {
		if err == nil {
			err = t.Clear()
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrStore, err)
		}
		break
	}
	return nil
}
