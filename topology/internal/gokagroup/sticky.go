package gokagroup

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/IBM/sarama"
)

// errNotCopartitioned says that the topics of a group do not have as many partitions each.
var errNotCopartitioned = errors.New("topics are not co-partitioned")

// Sticky assigns partitions to the members of a group: as evenly as can be, each partition of all co-partitioned topics to one member,
// and, within that, where it was. Every member tells which partitions it had, and in which generation; the latest one has the right to keep them, up to
// its share. What is over is given first to a member that asks for it, because the state is at hand there, and then to whoever has least. So a
// member that restarts, or leaves, moves no partition between the others.
//
// The strategy keeps what it was assigned last: it is made for one member. It is safe for concurrent use.
type Sticky struct {
	mu         sync.Mutex
	generation int32
	partitions []int32
}

var (
	_ sarama.SubscriptionUserDataBalanceStrategy = (*Sticky)(nil)
	_ sarama.OnAssignmentBalanceStrategy         = (*Sticky)(nil)
)

// NewSticky returns the strategy of a member that has the state of some partitions at hand.
func NewSticky(held []int32) *Sticky { return &Sticky{partitions: slices.Clone(held)} }

// Name implements [sarama.BalanceStrategy].
func (*Sticky) Name() string { return "eddy-sticky" }

// claims is what a member tells: the partitions that it had, the oldest first, and in which generation; 0: none, but their state is at hand.
type claims struct {
	generation int32
	partitions []int32
}

// claimsVersion is the version of what members tell each other: the version as a byte, then as unsigned varints the generation
// and the partitions.
const claimsVersion = 1

func (c claims) encode() []byte {
	buf := binary.AppendUvarint([]byte{claimsVersion}, uint64(c.generation))
	for _, p := range c.partitions {
		buf = binary.AppendUvarint(buf, uint64(p))
	}
	return buf
}

// decodeClaims reads what a member tells. Something else, such as of another version, is nothing.
func decodeClaims(data []byte) claims {
	if len(data) == 0 || data[0] != claimsVersion {
		return claims{}
	}
	data = data[1:]
	var values []int32
	for len(data) > 0 {
		v, n := binary.Uvarint(data)
		if n <= 0 || v > 1<<31-1 {
			return claims{}
		}
		values, data = append(values, int32(v)), data[n:]
	}
	if len(values) == 0 {
		return claims{}
	}
	return claims{generation: values[0], partitions: values[1:]}
}

// SubscriptionUserData implements [sarama.SubscriptionUserDataBalanceStrategy].
func (s *Sticky) SubscriptionUserData([]string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return claims{s.generation, s.partitions}.encode(), nil
}

// OnAssignment implements [sarama.OnAssignmentBalanceStrategy].
func (s *Sticky) OnAssignment(a *sarama.ConsumerGroupMemberAssignment, generation int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var assigned []int32
	for _, partitions := range a.Topics {
		assigned = append(assigned, partitions...)
	}
	slices.Sort(assigned)
	assigned = slices.Compact(assigned)
	// What stays keeps its place, before what is new.
	s.generation = generation
	s.partitions = slices.DeleteFunc(s.partitions, func(p int32) bool { return !slices.Contains(assigned, p) })
	for _, p := range assigned {
		if !slices.Contains(s.partitions, p) {
			s.partitions = append(s.partitions, p)
		}
	}
}

// AssignmentData implements [sarama.BalanceStrategy].
func (*Sticky) AssignmentData(string, map[string][]int32, int32) ([]byte, error) { return nil, nil }

// Plan implements [sarama.BalanceStrategy]. Members may subscribe to different topics for as long as a rolling upgrade takes.
func (*Sticky) Plan(members map[string]sarama.ConsumerGroupMemberMetadata, topics map[string][]int32) (sarama.BalanceStrategyPlan, error) {
	var partitions []int32
	var of string
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		switch {
		case of == "":
			of, partitions = topic, slices.Sorted(slices.Values(topics[topic]))
		case len(topics[topic]) != len(partitions):
			return nil, fmt.Errorf("%w: %q has %d partitions, %q has %d", errNotCopartitioned, of, len(partitions), topic, len(topics[topic]))
		}
	}
	told := map[string]claims{}
	for id, m := range members {
		told[id] = decodeClaims(m.UserData)
	}
	plan := sarama.BalanceStrategyPlan{}
	for partition, id := range assign(told, partitions) {
		for _, topic := range members[id].Topics {
			plan.Add(id, topic, partition)
		}
	}
	return plan, nil
}

// assign gives each partition a member.
func assign(members map[string]claims, partitions []int32) map[int32]string {
	owner := map[int32]string{}
	if len(members) == 0 {
		return owner
	}
	wanted := map[int32][]string{} // by partition: who claims it, the latest generation first
	for id, c := range members {
		for _, p := range c.partitions {
			if slices.Contains(partitions, p) && !slices.Contains(wanted[p], id) {
				wanted[p] = append(wanted[p], id)
			}
		}
	}
	for _, ids := range wanted {
		slices.SortFunc(ids, func(a, b string) int {
			return cmp.Or(cmp.Compare(members[b].generation, members[a].generation), cmp.Compare(a, b))
		})
	}
	kept := map[string][]int32{} // by member, what it has had longest first
	for id, c := range members {
		for _, p := range c.partitions {
			if len(wanted[p]) > 0 && wanted[p][0] == id && !slices.Contains(kept[id], p) {
				kept[id] = append(kept[id], p)
			}
		}
	}
	// Those who have most get what an even share leaves over.
	ids := slices.SortedFunc(maps.Keys(members), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(kept[b]), len(kept[a])), cmp.Compare(a, b))
	})
	share := map[string]int{}
	for i, id := range ids {
		share[id] = len(partitions) / len(ids)
		if i < len(partitions)%len(ids) {
			share[id]++
		}
	}
	for _, id := range ids {
		// Where there is too much, what somebody else asks for goes first, and then what came last.
		slices.SortStableFunc(kept[id], func(a, b int32) int { return cmp.Compare(len(wanted[a]), len(wanted[b])) })
		for _, p := range kept[id][:min(len(kept[id]), share[id])] {
			owner[p] = id
			share[id]--
		}
	}
	for _, p := range partitions {
		if owner[p] != "" {
			continue
		}
		for _, id := range wanted[p] {
			if share[id] > 0 {
				owner[p] = id
				share[id]--
				break
			}
		}
	}
	slices.Sort(ids)
	for _, p := range partitions {
		if owner[p] != "" {
			continue
		}
		id := slices.MaxFunc(ids, func(a, b string) int { return cmp.Compare(share[a], share[b]) })
		owner[p] = id
		share[id]--
	}
	return owner
}
