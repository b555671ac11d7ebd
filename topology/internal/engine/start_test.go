package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// copier copies "in" to "out".
func copier(name string) *kernel.Processor {
	return passing(name, "in", &kernel.Output{Topic: topic("out-" + name)})
}

// values are what was copied.
func (b *bundle) values(name string) (list []string) {
	for _, r := range b.read("out-" + name) {
		list = append(list, string(r.Value))
	}
	return list
}

// awaitLast waits until the last value that was copied is that.
func (b *bundle) awaitLast(name, value string) {
	b.t.Helper()
	for !last(b.values(name), value) {
		b.check(b.ctx.Err())
	}
}

func last(list []string, value string) bool {
	return len(list) > 0 && list[len(list)-1] == value
}

// A group begins where its input says, and after that where it left off.
func TestStartAt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Now().Truncate(time.Millisecond)
	oldest, newest, since := copier("oldest"), copier("newest"), copier("since")
	newest.Inputs[0].Start = kernel.Start{Newest: true}
	since.Inputs[0].Start = kernel.Start{Since: now.Add(-2 * time.Hour)}
	k := only(oldest, newest, since)
	b.topics(k, 1)
	at := func(age time.Duration, value string) {
		b.produce(&kgo.Record{Topic: "in", Value: []byte(value), Timestamp: now.Add(-age)})
	}
	at(4*time.Hour, "old")
	at(2*time.Hour, "since")
	at(time.Hour, "late")
	for _, value := range []string{"first run", "second run"} {
		r := b.start(k).started()
		r.settle()
		b.check(r.stop())
		at(0, value) // while nobody runs
	}
	r := b.start(k).started()
	r.settle()
	for name, want := range map[string][]string{
		"oldest": {"old", "since", "late", "first run", "second run"},
		"newest": {"first run", "second run"},
		"since":  {"since", "late", "first run", "second run"},
	} {
		if diff := cmp.Diff(want, b.values(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A partition that is new to an input that was read before is read from its start: nothing of it was passed over by a declaration.
func TestNewPartitionsAreReadFromTheirStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := copier("newest")
	p.Inputs[0].Start = kernel.Start{Newest: true}
	b.topics(only(p), 1)
	b.produce(to("in", 0, "a", "passed over"))
	r := b.start(only(p)).started()
	r.settle()
	b.check(r.stop())
	_, err := b.admin.CreatePartitions(b.ctx, 1, "in")
	b.check(err)
	fresh, err := kgo.NewClient(cluster.Franz(b.settings())...) // the other one does not know the partition
	b.check(err)
	defer fresh.Close()
	b.check(fresh.ProduceSync(b.ctx, to("in", 1, "a", "new")).FirstErr())
	r = b.start(only(p)).started()
	r.settle()
	if diff := cmp.Diff([]string{"new"}, b.values("newest")); diff != "" {
		t.Errorf("copied (-want +got):\n%s", diff)
	}
}

func (b *bundle) deleteRecords(topic string, below int64) {
	b.t.Helper()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: below, LeaderEpoch: -1})
	_, err := b.admin.DeleteRecords(b.ctx, offsets)
	b.check(err)
}

// An offset that the log has lost, before a start or while the processor is behind, stops this processor alone, with an error that says what was
// lost; or it is passed over as the input declares.
func TestLostOffsets(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("running %t", running), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			fails, oldest, newest := copier("fails"), copier("oldest"), copier("newest")
			oldest.Inputs[0].Lost, newest.Inputs[0].Lost = kernel.LostOldest, kernel.LostNewest
			other := passing("other", "more", &kernel.Output{Topic: topic("out-other")})
			k := only(fails, oldest, newest, other)
			b.topics(k, 1)
			stuck, release := make(chan string, 3), make(chan struct{})
			if running {
				for _, p := range k.Processors[:3] {
					out := p.Outputs[0]
					p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
						if string(m.Value) == "stuck" {
							stuck <- p.Name
							<-release
						}
						return t.Emit(out, m.Key, m.Value[:min(len(m.Value), 10)], m.Timestamp, nil)
					}
				}
			}
			b.produce(to("in", 0, "a", "read"))
			r := b.start(k).started()
			r.settle()
			big := strings.Repeat("x", 900_000)
			if running {
				b.produce(to("in", 0, "a", "stuck"))
				for range 3 {
					await(t, stuck)
				}
			} else {
				b.check(r.stop())
			}
			for range 20 { // more than is fetched ahead
				b.produce(to("in", 0, "a", big))
			}
			b.produce(to("in", 0, "a", "kept"))
			end := int64(22)
			if running {
				end++
			}
			b.deleteRecords("in", end-1)
			if running {
				close(release)
			} else {
				r = b.start(k)
			}
			b.produce(to("more", 0, "a", "on"))
			b.awaitLast("other", "on")
			b.awaitLast("oldest", "kept")
			for err := error(nil); err == nil; err = r.Halted() {
				b.check(b.ctx.Err())
			}
			if err := r.Settle(b.ctx); !errors.Is(err, engine.ErrOffsetLost) {
				t.Errorf("Settle says %v", err)
			}
			b.produce(to("more", 0, "a", "after"))
			for !last(b.values("newest"), "after") { // "now" is when newest notices the loss, which may be after one of these
				b.produce(to("in", 0, "a", "after"))
			}
			for _, name := range []string{"oldest", "other"} {
				b.awaitLast(name, "after")
			}
			if got := b.values("newest"); len(got) > 0 && strings.Contains(strings.Join(got, " "), "kept") && !running {
				t.Errorf("newest copied %q", got)
			}
			if r.Health() == nil {
				t.Error("all is well, with a processor that has stopped")
			}
			err := r.stop()
			var pe *engine.ProcessError
			if !errors.Is(err, engine.ErrOffsetLost) || !errors.As(err, &pe) || pe.Processor != "fails" || pe.Topic != "in" || pe.Partition != 0 {
				t.Fatalf("ended with %v", err)
			}
			if want := fmt.Sprintf("the log has %d to ", end-1); !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in: %v", want, err)
			}
		})
	}
}
