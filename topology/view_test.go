package topology_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/broker"
)

type rowsView = topology.View[string, int64]

func (w *world) open(cfg topology.Config) *rowsView {
	w.t.Helper()
	v, err := topology.OpenView(rowsTable, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := v.Close(); err != nil {
			w.t.Errorf("close view: %v", err)
		}
	})
	return v
}

// run runs a view and returns how to stop it; the second call of it does nothing.
func (w *world) run(v *rowsView) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("run view: %v", err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

func (w *world) settle(v *rowsView) {
	w.t.Helper()
	if err := v.Settle(w.ctx()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) contents(rows func(func(topology.Entry[string, int64], error) bool)) []string {
	w.t.Helper()
	var got []string
	for e, err := range rows {
		if err != nil {
			w.t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s=%d", e.Key, e.Value))
	}
	return got
}

func TestViewFollowsItsTable(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.set(map[string]int64{"ant": 1, "bee": 2, "asp": 3, "cat": 4})
	v := w.open(w.cfg)
	w.run(v)
	<-v.Recovered()
	if n, ok, err := v.Get("bee"); n != 2 || !ok || err != nil {
		t.Errorf("Get = %d, %t, %v", n, ok, err)
	}
	if _, ok, err := v.Get("dog"); ok || err != nil {
		t.Errorf("Get of an absent row = %t, %v", ok, err)
	}
	w.set(map[string]int64{"bee": 5, "dog": 6})
	w.remove("cat")
	w.settle(v)
	if got, want := w.contents(v.All()), []string{"ant=1", "asp=3", "bee=5", "dog=6"}; !slices.Equal(got, want) {
		t.Errorf("All = %q, want %q", got, want)
	}
	if got, want := w.contents(v.Prefix([]byte("a"))), []string{"ant=1", "asp=3"}; !slices.Equal(got, want) {
		t.Errorf("Prefix = %q, want %q", got, want)
	}
	for range v.All() {
		break
	}
}

func TestViewRefusesBeforeItHasRecovered(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.set(map[string]int64{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5})
	// One partition's fetches are lost until they may pass: the others are loaded meanwhile.
	gate := make(chan struct{})
	seen := make(chan struct{})
	var once sync.Once
	w.broker.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		w.broker.KeepControl()
		for _, topic := range req.(*kmsg.FetchRequest).Topics {
			for _, p := range topic.Partitions {
				if p.Partition != 1 {
					continue
				}
				once.Do(func() { close(seen) })
				select {
				case <-gate:
				default:
					return nil, errors.New("lost"), true
				}
			}
		}
		return nil, nil, false
	})
	v := w.open(w.cfg)
	if _, _, err := v.Get("a"); !errors.Is(err, topology.ErrNotRecovered) {
		t.Errorf("Get before Run: %v", err)
	}
	w.run(v)
	<-seen
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		if _, _, err := v.Get(key); !errors.Is(err, topology.ErrNotRecovered) {
			t.Errorf("Get(%s) while it recovers: %v", key, err)
		}
	}
	for _, err := range v.All() {
		if !errors.Is(err, topology.ErrNotRecovered) {
			t.Errorf("All while it recovers: %v", err)
		}
	}
	select {
	case <-v.Recovered():
		t.Error("recovered without one of the partitions")
	default:
	}
	close(gate)
	<-v.Recovered()
	if got := w.contents(v.All()); len(got) != 5 {
		t.Errorf("All = %q", got)
	}
}

func TestViewStopsWhileItIsRead(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.set(map[string]int64{"a": 1, "b": 2, "c": 3})
	for range 5 {
		v := w.open(w.cfg)
		stop := w.run(v)
		<-v.Recovered()
		var readers sync.WaitGroup
		reading := make(chan struct{}, 4)
		for range 4 {
			readers.Go(func() {
				for n := 0; ; n++ {
					_, ok, err := v.Get("a")
					if n == 10 {
						reading <- struct{}{}
					}
					if errors.Is(err, topology.ErrClosed) {
						return
					}
					if !ok || err != nil {
						t.Errorf("Get = %t, %v", ok, err)
						return
					}
				}
			})
		}
		for range 4 {
			<-reading
		}
		stop()
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		readers.Wait()
		if err := v.Settle(w.ctx()); !errors.Is(err, topology.ErrClosed) {
			t.Errorf("Settle of a closed view: %v", err)
		}
		if err := v.Run(w.ctx()); !errors.Is(err, topology.ErrClosed) {
			t.Errorf("Run of a closed view: %v", err)
		}
	}
}

func TestViewKeepsItsCopy(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.set(map[string]int64{"a": 1, "b": 2, "c": 3})
	cfg := w.cfg
	cfg.InMemory, cfg.DataDir = false, filepath.Join(t.TempDir(), "data")
	read := func(v *rowsView, infos *[]topology.RecoveredInfo, mu *sync.Mutex) (records int64) {
		t.Helper()
		<-v.Recovered()
		mu.Lock()
		defer mu.Unlock()
		for _, i := range *infos {
			records += i.Records
		}
		*infos = nil
		return records
	}
	var mu sync.Mutex
	var infos []topology.RecoveredInfo
	cfg.Observer = &topology.Observer{Recovered: func(i topology.RecoveredInfo) {
		mu.Lock()
		defer mu.Unlock()
		infos = append(infos, i)
	}}
	v := w.open(cfg)
	w.run(v)
	if n := read(v, &infos, &mu); n != 3 {
		t.Errorf("the first view read %d records, want 3", n)
	}
	second := w.open(cfg) // at the same time, on the same folder
	w.run(second)
	if n := read(second, &infos, &mu); n != 3 {
		t.Errorf("a second view read %d records, want 3", n)
	}
	if err := errors.Join(v.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	w.set(map[string]int64{"b": 7})
	v = w.open(cfg)
	w.run(v)
	if n := read(v, &infos, &mu); n != 1 {
		t.Errorf("after a restart the view read %d records, want 1", n)
	}
	if got, want := w.contents(v.All()), []string{"a=1", "b=7", "c=3"}; !slices.Equal(got, want) {
		t.Errorf("All = %q, want %q", got, want)
	}
}

func TestViewOutlivesTheBroker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := broker.Start(t, broker.Options{DataDir: dir})
	w := newWorld(t, first)
	w.set(map[string]int64{"a": 1})
	v := w.open(w.cfg)
	w.run(v)
	<-v.Recovered()
	_, port, err := net.SplitHostPort(first.ListenAddrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	if n, ok, err := v.Get("a"); n != 1 || !ok || err != nil {
		t.Errorf("Get without a broker = %d, %t, %v", n, ok, err)
	}
	broker.Start(t, broker.Options{DataDir: dir, Port: n})
	w.set(map[string]int64{"a": 2, "b": 3})
	w.settle(v)
	if got, want := w.contents(v.All()), []string{"a=2", "b=3"}; !slices.Equal(got, want) {
		t.Errorf("All = %q, want %q", got, want)
	}
}

func TestViewOfAbsentTableAndBadConfig(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	if _, err := topology.OpenView(topology.NewTable("absent", text, count), w.cfg); err == nil {
		t.Error("a table that does not exist was opened")
	}
	cfg := w.cfg
	cfg.InMemory = false
	if _, err := topology.OpenView(rowsTable, cfg); err == nil {
		t.Error("a view on disk without a folder was opened")
	}
}

func TestViewReportsRowsItCannotDecode(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	raw := topology.NewStream("rows", text, codecs.Bytes())
	if err := topology.Produce(w.ctx(), w.out, raw, "bad", []byte("no number")); err != nil {
		t.Fatal(err)
	}
	w.set(map[string]int64{"good": 1})
	v := w.open(w.cfg)
	w.run(v)
	<-v.Recovered()
	if _, _, err := v.Get("bad"); !errors.Is(err, topology.ErrDecode) {
		t.Errorf("Get: %v", err)
	}
	if n, ok, err := v.Get("good"); n != 1 || !ok || err != nil {
		t.Errorf("Get of the other row = %d, %t, %v", n, ok, err)
	}
	rows, bad := 0, 0
	for e, err := range v.All() {
		switch {
		case err == nil:
			rows++
		case errors.Is(err, topology.ErrDecode) && e == (topology.Entry[string, int64]{}):
			bad++
		default:
			t.Error(err)
		}
	}
	if rows != 1 || bad != 1 { // "bad" sorts first
		t.Errorf("All has %d rows and %d that cannot be decoded", rows, bad)
	}
}
