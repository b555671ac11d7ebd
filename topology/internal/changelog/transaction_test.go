package changelog

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// lines passes on the messages of a log.
type lines struct{ to chan string }

func (lines) Enabled(context.Context, slog.Level) bool { return true }

func (l lines) Handle(_ context.Context, r slog.Record) error {
	select {
	case l.to <- r.Message:
	default:
	}
	return nil
}

func (l lines) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l lines) WithGroup(string) slog.Handler { return l }

// waits returns a channel that gets a message when the reader logs that it waits.
func (b *bundle) waits() <-chan string {
	all := lines{make(chan string, 100)}
	b.reader.log = slog.New(all)
	said := make(chan string, 1)
	go func() {
		for {
			select {
			case line := <-all.to:
				if strings.HasPrefix(line, "waits for") {
					said <- line
					return
				}
			case <-b.t.Context().Done():
				return
			}
		}
	}()
	return said
}

func await[T any](t *testing.T, c <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return got
}

// begin writes a row in a transaction, which is left open.
func (b *bundle) begin(id, key, value string) *kgo.Client {
	b.t.Helper()
	kafka, err := kgo.NewClient(append(b.client.Kgo(), kgo.TransactionalID(id))...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(kafka.Close)
	if err := errors.Join(kafka.BeginTransaction(), kafka.ProduceSync(context.Background(), record(0, key, value)).FirstErr()); err != nil {
		b.t.Fatal(err)
	}
	return kafka
}

func TestLoadToTheHighWatermark(t *testing.T) {
	t.Parallel()
	for _, end := range []struct {
		name string
		try  kgo.TransactionEndTry
		want string
	}{{"commit", kgo.TryCommit, "2"}, {"abort", kgo.TryAbort, "1"}} {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, 1)
			b.put(0, "a", "1")
			owner := b.begin(cluster.TransactionalIDs("group")+"owner", "a", "2")
			b.put(0, "b", "1")
			said := b.waits()
			loaded := make(chan Loaded, 1)
			go func() {
				l, err := b.reader.Load(t.Context(), b.table(0), topic, 0, ToHighWatermark("group"))
				if err != nil {
					t.Error(err)
				}
				loaded <- l
			}()
			await(t, said)
			select {
			case l := <-loaded:
				t.Fatalf("loaded %+v while a transaction is open", l)
			default:
			}
			if err := owner.EndTransaction(t.Context(), end.try); err != nil {
				t.Fatal(err)
			}
			if l := await(t, loaded); l.Offset < 3 {
				t.Errorf("loaded %+v, want at least to the high watermark, 3", l)
			}
			b.check(0, map[string]string{"a": end.want, "b": "1"})
		})
	}
}

func TestLoadToTheHighWatermarkCanBeEnded(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	b.begin(cluster.TransactionalIDs("group")+"owner", "a", "2")
	ctx, cancel := context.WithCancel(t.Context())
	said := b.waits()
	ended := make(chan error, 1)
	go func() {
		_, err := b.reader.Load(ctx, b.table(0), topic, 0, ToHighWatermark("group"))
		ended <- err
	}()
	await(t, said)
	cancel()
	if err := await(t, ended); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	b.check(0, map[string]string{"a": "1"}) // what was there meanwhile
}

// A transaction that is open and that no coordinator has open: the log lost its end. The load says so and how it is ended; it gives nobody up whom
// a coordinator knows, and nobody while the coordinators do not answer.
func TestLoadEndsAtATransactionThatHangs(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	b.begin(cluster.TransactionalIDs("group")+"owner", "a", "2")
	asked := make(chan bool, 100)
	var answers atomic.Int32 // 0: an error, 1: what is open, 2: nothing is
	b.broker.ControlKey(int16(kmsg.ListTransactions), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.broker.KeepControl()
		asked <- true
		resp := req.ResponseKind().(*kmsg.ListTransactionsResponse)
		switch answers.Load() {
		case 0:
			resp.ErrorCode = kerr.CoordinatorLoadInProgress.Code
			return resp, nil, true
		case 1:
			return nil, nil, false
		}
		return resp, nil, true
	})
	ended := make(chan error, 1)
	go func() {
		_, err := b.reader.Load(t.Context(), b.table(0), topic, 0, ToHighWatermark("group"))
		ended <- err
	}()
	for _, kind := range []int32{0, 1} {
		answers.Store(kind)
		for range 3 {
			await(t, asked)
		}
		select {
		case err := <-ended:
			t.Fatalf("ended where the coordinators answer with kind %d: %v", kind, err)
		default:
		}
	}
	answers.Store(2)
	err := await(t, ended)
	if !errors.Is(err, cluster.ErrHangs) || !strings.Contains(err.Error(), "abort --topic rows --partition 0 --start-offset 1") {
		t.Errorf("ended with %v, want that a transaction hangs, and how it is ended", err)
	}
}
