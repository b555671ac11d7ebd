package engine_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Members share the partitions, and lose nothing when one comes or goes. Goka itself pauses for five seconds after each change.
func TestRebalance(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 8)
	const keys = 40
	sent := 0
	burst := func() {
		for i := range keys {
			b.produce(keyed("in", 8, strconv.Itoa(i), ""))
		}
		sent++
	}
	assigned := make(chan string, 100)
	member := func(name string) *run {
		return b.start(only(p), func(o *engine.Options) {
			o.Observer.Assigned = func(i kernel.AssignedInfo) {
				assigned <- fmt.Sprint(name, " ", len(i.Partitions))
			}
		})
	}
	// until waits until the members have these numbers of partitions, and keeps producing.
	until := func(want ...string) {
		t.Helper()
		start := time.Now()
		open := map[string]bool{}
		for _, w := range want {
			open[w] = true
		}
		for len(open) > 0 {
			burst()
			select {
			case got := <-assigned:
				delete(open, got)
			default:
				if time.Since(start) > patience {
					t.Fatalf("still waiting for %v", open)
				}
			}
		}
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("%v took %s", want, took)
		}
	}
	a := member("a")
	until("a 8")
	c := member("b")
	until("a 4", "b 4")
	b.check(a.stop())
	until("b 8")
	c.settle()
	b.check(c.stop())
	// Outputs may repeat after a rebalance; the counts may not.
	last := map[string]string{}
	for _, row := range b.read("test-counter-table") {
		last[string(row.Key)] = string(row.Value)
	}
	for i := range keys {
		if got := last[strconv.Itoa(i)]; got != strconv.Itoa(sent) {
			t.Errorf("key %d was counted %s times of %d", i, got, sent)
		}
	}
}

// A process that was paused asks its group before it writes. Otherwise the row would be written by a member that the group has
// thrown out, and again by the one that it has let in.
func TestPausedMember(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 1)
	r := b.start(only(p)).started()
	b.produce(to("in", 0, "a", ""))
	r.settle()
	for b.committed(p.Group, "in", 0) < 1 {
		b.check(b.ctx.Err())
	}
	r.ExpireLeases()
	b.produce(to("in", 0, "a", ""))
	r.settle() // the group still counted it, but the member could not know

	for i := range int64(5) {
		for b.committed(p.Group, "in", 0) < i+2 { // a mark that did not get to the broker is a repeat
			b.check(b.ctx.Err())
		}
		groups, err := b.admin.DescribeGroups(b.ctx, p.Group)
		b.check(err)
		for _, m := range groups[p.Group].Members {
			leave := kmsg.NewPtrLeaveGroupRequest()
			leave.Group = p.Group
			leave.MemberID = m.MemberID
			leave.Members = []kmsg.LeaveGroupRequestMember{{MemberID: m.MemberID}}
			_, err := leave.RequestWith(b.ctx, b.kafka)
			b.check(err)
		}
		r.ExpireLeases()
		b.produce(to("in", 0, "a", ""))
		r.settle()
	}
	if rows := b.read("test-counter-table"); string(rows[len(rows)-1].Value) != "7" {
		t.Errorf("counted %s times, want 7", rows[len(rows)-1].Value)
	}
	b.check(r.stop())
}
