package gokagroup

import (
	"fmt"
	"testing"

	"github.com/IBM/sarama"
	"pgregory.net/rapid"
)

// group is a group whose members come, leave and restart.
type workers struct {
	generation int32
	members    map[string]*Sticky
	partitions int32
}

// rebalance has the members join again and returns who has which partition.
func (w *workers) rebalance(t interface{ Fatal(args ...any) }) map[int32]string {
	w.generation++
	topics := map[string][]int32{"in": nil, "loop": nil}
	for p := range w.partitions {
		topics["in"], topics["loop"] = append(topics["in"], p), append(topics["loop"], p)
	}
	metadata := map[string]sarama.ConsumerGroupMemberMetadata{}
	for id, s := range w.members {
		data, err := s.SubscriptionUserData(nil)
		if err != nil {
			t.Fatal(err)
		}
		metadata[id] = sarama.ConsumerGroupMemberMetadata{Topics: []string{"in", "loop"}, UserData: data}
	}
	plan, err := new(Sticky).Plan(metadata, topics)
	if err != nil {
		t.Fatal(err)
	}
	owner := map[int32]string{}
	for id, s := range w.members {
		a := plan[id]
		if len(a["in"]) != len(a["loop"]) {
			t.Fatal("not co-partitioned:", a)
		}
		for i, p := range a["in"] {
			if a["loop"][i] != p {
				t.Fatal("not co-partitioned:", a)
			}
			if owner[p] != "" {
				t.Fatal("assigned twice:", p)
			}
			owner[p] = id
		}
		s.OnAssignment(&sarama.ConsumerGroupMemberAssignment{Topics: a}, w.generation)
	}
	if len(w.members) > 0 && len(owner) != int(w.partitions) {
		t.Fatal("not all partitions are assigned:", owner)
	}
	return owner
}

// A restart of one of two workers that are known by random ids moved every partition under Goka's range assignor.
func TestRestartMovesNoPartitionOfOthers(t *testing.T) {
	t.Parallel()
	w := &workers{members: map[string]*Sticky{"m-3": NewSticky(nil), "m-7": NewSticky(nil)}, partitions: 8}
	before := w.rebalance(t)
	delete(w.members, "m-7")
	w.rebalance(t) // its partitions are looked after meanwhile
	w.members["m-1"] = NewSticky(nil)
	after := w.rebalance(t)
	for p, id := range before {
		if id == "m-3" && after[p] != "m-3" {
			t.Errorf("partition %d moved from the worker that did not restart", p)
		}
	}
}

// Who comes back with its disk gets what it has.
func TestStateAtHandIsAskedFor(t *testing.T) {
	t.Parallel()
	w := &workers{members: map[string]*Sticky{"a": NewSticky(nil), "b": NewSticky(nil), "c": NewSticky(nil)}, partitions: 9}
	before := w.rebalance(t)
	var held []int32
	for p, id := range before {
		if id == "b" {
			held = append(held, p)
		}
	}
	delete(w.members, "b")
	w.rebalance(t)
	w.members["another id"] = NewSticky(held)
	after := w.rebalance(t)
	for p, id := range before {
		if id == "b" {
			id = "another id"
		}
		if after[p] != id {
			t.Errorf("partition %d is at %q, was at %q", p, after[p], id)
		}
	}
}

func TestStickyIsEvenAndMovesLeast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &workers{members: map[string]*Sticky{}, partitions: rapid.Int32Range(1, 40).Draw(t, "partitions")}
		var before map[int32]string
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			stayed := map[string]bool{}
			for id := range w.members {
				stayed[id] = true
			}
			joined, left := 0, 0
			for id := range stayed {
				if rapid.IntRange(0, 3).Draw(t, "leave "+id) == 0 {
					delete(w.members, id)
					delete(stayed, id)
					left++
				}
			}
			for range rapid.IntRange(0, 3).Draw(t, "join") {
				w.members[fmt.Sprintf("%03d-%d", rapid.IntRange(0, 999).Draw(t, "id"), step)] = NewSticky(nil)
				joined++
			}
			if len(w.members) == 0 {
				before = nil
				continue
			}
			after := w.rebalance(t)
			count := map[string]int{}
			for _, id := range after {
				count[id]++
			}
			share := int(w.partitions) / len(w.members)
			for id := range w.members {
				if n := count[id]; n < share || n > share+1 {
					t.Fatalf("%q has %d of %d partitions among %d", id, n, w.partitions, len(w.members))
				}
			}
			// Nothing moves from one that stayed to another that stayed, but what evens out.
			if joined == 0 {
				for p, id := range before {
					if stayed[id] && after[p] != id {
						t.Fatalf("partition %d moved from %q to %q, though nobody joined", p, id, after[p])
					}
				}
			}
			before = after
		}
	})
}

func TestDifferentCountsAreRefused(t *testing.T) {
	t.Parallel()
	_, err := new(Sticky).Plan(map[string]sarama.ConsumerGroupMemberMetadata{"a": {Topics: []string{"x", "y"}}}, map[string][]int32{"x": {0, 1}, "y": {0}})
	if err == nil || !final(err) {
		t.Errorf("error %v", err)
	}
}

func FuzzClaims(f *testing.F) {
	f.Add(claims{7, []int32{1, 2, 300}}.encode())
	f.Add([]byte{claimsVersion})
	f.Fuzz(func(t *testing.T, data []byte) {
		c := decodeClaims(data)
		if back := decodeClaims(c.encode()); fmt.Sprint(back) != fmt.Sprint(c) {
			t.Errorf("%v became %v", c, back)
		}
	})
}
