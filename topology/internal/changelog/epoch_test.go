package changelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

func staleKeysOf(l Loaded) (keys []string) {
	for _, key := range l.Stale.Keys {
		keys = append(keys, string(key))
	}
	return keys
}

func TestLoadDropsFormerOwners(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.putAs(0, 3, "a", "old", "b", "old")
	b.putAs(0, 7, "a", "new", "c", "new")
	b.putAs(0, 3, "a", "zombie", "b", "zombie", "d", "zombie")
	b.putAs(0, 7, "d", "new")
	b.put(0, "e", "no epoch")
	l := b.load(0, AsOwner())
	b.check(0, map[string]string{"a": "new", "b": "old", "c": "new", "d": "new", "e": "no epoch"})
	if l.Records != 9 || l.Dropped != 3 || l.Epoch != 7 || l.Stale.All {
		t.Errorf("loaded %+v", l)
	}
	if diff := cmp.Diff([]string{"a", "b"}, staleKeysOf(l)); diff != "" {
		t.Errorf("stale keys (-want +got):\n%s", diff)
	}
	if p := l.Progress; p.StaleFrom != 4 || p.StaleEpoch != 7 {
		t.Errorf("progress %+v", p)
	}
	// What was seen is kept: the log need not have it any more.
	b.putAs(0, 6, "c", "zombie")
	if l := b.load(0); l.Records != 1 || l.Dropped != 1 || l.Epoch != 7 || l.Stale.Keys != nil {
		t.Errorf("then loaded %+v", l)
	}
	b.check(0, map[string]string{"a": "new", "b": "old", "c": "new", "d": "new", "e": "no epoch"})
}

// An owner is told what is stale until it has written it, whoever came upon it first: its standby copy, or itself before a crash.
func TestStaleRowsAreToldUntilTheyAreWritten(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.putAs(0, 2, "a", "1", "b", "1")
	b.load(0)
	b.putAs(0, 1, "a", "zombie")
	p, stop := b.replica() // of the same table
	<-p.Recovered()
	b.putAs(0, 1, "b", "zombie")
	b.settle(p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l := b.load(0, AsOwner())
		if diff := cmp.Diff([]string{"a", "b"}, staleKeysOf(l)); diff != "" {
			t.Errorf("stale keys (-want +got):\n%s", diff)
		}
	}
	b.putAs(0, 3, "a", "1", "b", "1")
	l := b.load(0, AsOwner())
	if l.Stale.Keys != nil || l.Progress.StaleFrom != 0 || l.Epoch != 3 {
		t.Errorf("after the rows were written anew: %+v", l)
	}
	b.broker.Compact()
	tab, err := b.db.Table("fresh")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.reader.Load(t.Context(), tab, topic, 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "1"}, rowsOf(t, tab)); diff != "" {
		t.Errorf("read anew after compaction (-want +got):\n%s", diff)
	}
}

// A replica that has seen the stale rows written anew no longer asks an owner to read from there.
func TestReplicaSeesStaleRowsMended(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	p, stop := b.replica()
	b.putAs(0, 2, "a", "1")
	b.putAs(0, 1, "a", "zombie")
	b.settle(p)
	if at, _, err := b.table(0).Progress(); at.StaleFrom != 1 || at.StaleEpoch != 2 || err != nil {
		t.Errorf("progress %+v, %v", at, err)
	}
	b.putAs(0, 3, "a", "2")
	b.settle(p)
	if at, _, err := b.table(0).Progress(); at.StaleFrom != 0 || at.StaleEpoch != 0 || at.Epoch != 3 || err != nil {
		t.Errorf("progress %+v, %v", at, err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestStaleKeysAreBounded(t *testing.T) {
	t.Parallel()
	var s staleKeys
	at := store.Progress{Epoch: 5}
	key := bytes.Repeat([]byte("k"), 1<<20)
	for i := range int64(9) {
		key[0] = byte('a' + i)
		s.dropped(key, 10+i, &at)
		s.dropped(key, 10+i, &at) // the same again takes no room
	}
	if l := s.list(); !l.All || l.Keys != nil {
		t.Errorf("all: %t, with %d keys", l.All, len(l.Keys))
	}
	s.applied([]byte("b"), &at)
	if at.StaleFrom != 10 || at.StaleEpoch != 5 {
		t.Errorf("forgotten: %+v", at)
	}
}

func TestUnreadableEpochIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	bad := record(0, "b", "2")
	bad.Headers = []kgo.RecordHeader{{Key: fence.HeaderKey}}
	if err := b.kafka.ProduceSync(t.Context(), bad).FirstErr(); err != nil {
		t.Fatal(err)
	}
	const want = `topic "rows", partition 0, offset 1`
	_, err := b.reader.Load(t.Context(), b.table(0), topic, 0)
	if !errors.Is(err, errRecord) || !strings.Contains(err.Error(), want) {
		t.Errorf("Load: %v, want %s", err, want)
	}
	if got, err := b.read(t.Context(), 0, 2); err != nil || len(got) != 2 || got[1] != "1 b=2 by 0" {
		t.Errorf("Read: %v, %v", got, err)
	}
	p, _ := b.replica()
	<-p.Stopped()
}

func (b *bundle) read(ctx context.Context, from, to int64) (got []string, err error) {
	for r, err := range b.reader.Read(ctx, kernel.TopicPartition{Topic: topic}, from, to) {
		if err != nil {
			return got, err
		}
		got = append(got, fmt.Sprintf("%d %s=%s by %d", r.Offset, r.Key, r.Value, r.Stamp.Epoch))
	}
	return got, nil
}

func TestReadTellsWhoWrote(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.reader.fetcher.loadBytes = 50
	b.putAs(0, 2, "a", "1", "b", "1")
	b.transact(kgo.TryAbort, "x", "aborted")
	b.putAs(0, 1, "a", "2")
	b.put(0, "c", "3")
	for _, tt := range []struct {
		from, to int64
		want     []string
	}{
		{0, 6, []string{"0 a=1 by 2", "1 b=1 by 2", "4 a=2 by 1", "5 c=3 by 0"}},
		{1, 5, []string{"1 b=1 by 2", "4 a=2 by 1"}},
		{2, 4, nil},
		{5, 5, nil},
	} {
		got, err := b.read(t.Context(), tt.from, tt.to)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("[%d, %d): %v (-want +got):\n%s", tt.from, tt.to, err, diff)
		}
	}
	for r := range b.reader.Read(t.Context(), kernel.TopicPartition{Topic: topic}, 0, 6) {
		if r.Offset == 1 {
			break
		}
	}
	// What was deleted is passed over.
	if err := b.client.Purge(t.Context(), topic, map[int32]int64{0: 4}); err != nil {
		t.Fatal(err)
	}
	if got, err := b.read(t.Context(), 0, 5); len(got) != 1 || err != nil {
		t.Errorf("of a log that was cut: %q, %v", got, err)
	}
	// What is not there yet is waited for.
	ctx, cancel := context.WithCancel(t.Context())
	said := b.waits()
	ended := make(chan error, 1)
	go func() {
		_, err := b.read(ctx, 5, 7)
		ended <- err
	}()
	await(t, said)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got, err := b.read(t.Context(), 100, 200); err == nil {
		t.Errorf("behind the end: %q", got)
	}
}
