package topology

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/IBM/sarama"
	"github.com/cenkalti/backoff/v5"
	"github.com/lovoo/goka"
	"github.com/lovoo/goka/codec"
	"github.com/lovoo/goka/storage"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/store"
)

// follow keeps the tables current with goka's views, one after the other, until ctx is done or an error that a further
// one does not mend.
//
// Goka's view recovers, catches up and restarts; what it is known to do wrong is kept from it. Rows are never asked of it, because its
// Get may run while it closes its storages, and answers before it has recovered: they are read from the store. It has nothing to
// recover, because opening a storage loads it, and does not take the end of a consumer for the end of a table, because
// our consumers do not end. And it leaves its consumer open, which is closed here.
func (f *follower) follow(ctx context.Context) error {
	tries := backoff.NewExponentialBackOff()
	tries.InitialInterval, tries.MaxInterval = 20*time.Millisecond, 2*time.Second
	for {
		began := time.Now()
		err := f.followOnce(ctx)
		if ctx.Err() != nil {
			return err
		}
		f.mu.Lock()
		final := f.err
		f.mu.Unlock()
		if final != nil {
			return fmt.Errorf("view of %q: %w", f.topic, final)
		}
		if time.Since(began) > 10*tries.MaxInterval {
			tries.Reset()
		}
		f.cfg.Logger.Warn("view is started anew", "topic", f.topic, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(tries.NextBackOff()):
		}
	}
}

// followOnce runs one view of goka.
func (f *follower) followOnce(ctx context.Context) error {
	var consumer sarama.Consumer
	view, err := goka.NewView(f.cfg.Brokers, goka.Table(f.topic), new(codec.Bytes),
		goka.WithViewClientID(f.cfg.ClientID),
		goka.WithViewLogger(gokaLog{f.cfg.Logger.With("topic", f.topic)}),
		goka.WithViewTopicManagerBuilder(f.reader.TopicManagers()),
		goka.WithViewConsumerSaramaBuilder(func(brokers []string, clientID string) (_ sarama.Consumer, err error) {
			consumer, err = f.reader.Consumers()(brokers, clientID)
			return consumer, err
		}),
		goka.WithViewStorageBuilder(func(_ string, partition int32) (storage.Storage, error) {
			return f.storage(ctx, partition), nil
		}),
	)
	if consumer != nil {
		defer func() { _ = consumer.Close() }() // has nothing to say
	}
	if err != nil {
		return err
	}
	// The view's watchers of its partitions end with the context, not with Run.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := view.Run(ctx); err != nil {
		return err
	}
	return errors.New("goka's view has ended")
}

// storage is a partition's, which reports how far it is.
func (f *follower) storage(running context.Context, partition int32) storage.Storage {
	t := f.tables[partition]
	load := func(ctx context.Context) error {
		// Goka closes a storage only after its Open has returned, so the end of the view must end the load as well.
		ctx, cancel := context.WithCancel(ctx)
		defer context.AfterFunc(running, cancel)()
		defer cancel()
		again := isDone(f.recovered)
		bring := f.reader.Load
		if again {
			bring = f.reader.Reload // readers keep what they were given
		}
		l, err := bring(ctx, t, f.topic, partition)
		if err != nil {
			if errors.Is(err, changelog.ErrStale) || errors.Is(err, changelog.ErrStore) || errors.Is(err, cluster.ErrNoTopic) {
				f.mu.Lock()
				f.err = err
				f.mu.Unlock()
			}
			return err
		}
		f.at[partition].Advance(l.Offset)
		if recovered := f.cfg.Observer.Recovered; recovered != nil {
			recovered(RecoveredInfo{
				Topic: f.topic, Partition: partition, Records: l.Records, Offset: l.Offset,
				Rebuilt: l.Rebuilt, Reason: l.Reason, Took: l.Took,
			})
		}
		if !again {
			f.partitionLoaded(partition)
		}
		return nil
	}
	return followed{Storage: store.Goka(t, load), at: &f.at[partition]}
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// partitionLoaded notes that a partition was loaded for the first time; the last one recovers the view.
func (f *follower) partitionLoaded(partition int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.loaded[partition] {
		return // by a view of goka that ended before all were
	}
	f.loaded[partition] = true
	if len(f.loaded) == len(f.tables) {
		close(f.recovered)
	}
}

// followed is a storage that tells how far it is.
type followed struct {
	storage.Storage
	at *changelog.Position
}

func (s followed) SetOffset(offset int64) error {
	if err := s.Storage.SetOffset(offset); err != nil {
		return err
	}
	s.at.Advance(offset + 1)
	return nil
}

// gokaLog passes on what goka has to say.
type gokaLog struct{ log *slog.Logger }

func (l gokaLog) Print(args ...any) { l.log.Debug(fmt.Sprint(args...)) }

func (l gokaLog) Println(args ...any) { l.log.Debug(fmt.Sprint(args...)) }

func (l gokaLog) Printf(format string, args ...any) { l.log.Debug(fmt.Sprintf(format, args...)) }
