package tables

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"
)

// naiveCascade is what a log of progress says, by definition.
type naiveCascade struct {
	messages       map[int64]*MessageState
	chunks         map[string]ChunkProgress
	rooted, strays bool
}

func (n *naiveCascade) take(p *Progress) {
	get := func(id int64) *MessageState {
		if n.messages[id] == nil {
			n.messages[id] = &MessageState{ID: id}
		}
		return n.messages[id]
	}
	for _, id := range p.Walks {
		get(id).Sent = true
	}
	if p.Message != 0 {
		m := get(p.Message)
		m.Walked = m.Walked || p.Walked
		m.Asks.Union(p.Asks)
		m.Asked.Union(p.Asked)
	}
	n.rooted = n.rooted || p.Walked && p.Message == theRoot
	n.strays = n.strays || !p.Walked && len(p.Walks)+p.Asks.Len() > 0
	for _, c := range p.Chunks {
		key := fmt.Sprintf("%s:%d", c.Wiki, c.Chunk)
		was := n.chunks[key]
		c.Asked, c.Abandoned = max(c.Asked, was.Asked), max(c.Abandoned, was.Abandoned)
		n.chunks[key] = c
	}
}

// says is what may be concluded.
func (n *naiveCascade) says() string {
	expanded, asked, outstanding, abandoned := n.rooted || n.strays, 0, 0, 0
	for _, m := range n.messages {
		expanded = expanded && !m.Open()
	}
	for _, c := range n.chunks {
		asked, outstanding, abandoned = asked+int(c.Asked), outstanding+int(c.Outstanding), abandoned+int(c.Abandoned)
	}
	return fmt.Sprintf("expanded %t, asked %d, outstanding %d, abandoned %d", expanded, asked, outstanding, abandoned)
}

func saysRow(r *CascadeRow) string {
	return fmt.Sprintf("expanded %t, asked %d, outstanding %d, abandoned %d", r.Expanded(), r.Asked, r.Outstanding, r.Abandoned)
}

const theRoot = 77

// drawCascade draws the log of a whole cascade: a tree of walks, late links, what they ask, and the answers of chunks; records of different
// senders in any order, with repeats.
func drawCascade(t *rapid.T) []*Progress {
	id := func(parent int64, i int) int64 { return int64(xxhash.Sum64String(fmt.Sprint(parent, i))) }
	var senders [][]*Progress // what each sends, in order
	asks := func(p *Progress) {
		for range rapid.IntRange(0, 2).Draw(t, "asks") {
			slot := rapid.IntRange(0, 9).Draw(t, "slot")
			p.Asks.Add(slot)
			answer := &Progress{Message: p.Message}
			answer.Asked.Add(slot)
			c := ChunkProgress{
				Wiki: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "wiki"), Chunk: 256 * rapid.Int64Range(0, 200).Draw(t, "chunk"),
			}
			c.Asked = rapid.Int32Range(1, 3).Draw(t, "asked")
			c.Outstanding = rapid.Int32Range(0, c.Asked).Draw(t, "outstanding")
			answer.Chunks = []ChunkProgress{c}
			later := []*Progress{answer}
			for left := c.Outstanding; left > 0; left-- {
				c.Outstanding--
				later = append(later, &Progress{Chunks: []ChunkProgress{c}})
			}
			senders = append(senders, later)
		}
	}
	left := rapid.IntRange(0, 40).Draw(t, "walks")
	for queue := []*Progress{{Message: theRoot, Walked: true, Walks: []int64{theRoot}}}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		for i := range rapid.IntRange(0, min(left, 5)).Draw(t, "hubs") {
			left--
			p.Walks = append(p.Walks, id(p.Message, i))
			queue = append(queue, &Progress{Message: id(p.Message, i), Walked: true})
		}
		asks(p)
		senders = append(senders, []*Progress{p})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "late") {
		p := &Progress{Message: id(1, i)}
		asks(p)
		senders = append(senders, []*Progress{p})
	}
	var log []*Progress
	for len(senders) > 0 {
		i := rapid.IntRange(0, len(senders)-1).Draw(t, "sender")
		log = append(log, senders[i][0])
		if rapid.IntRange(0, 9).Draw(t, "repeats") == 0 {
			log = append(log, senders[i][0])
		}
		if senders[i] = senders[i][1:]; len(senders[i]) == 0 {
			senders = slices.Delete(senders, i, i+1)
		}
	}
	return log
}

// changelog has rows as they are in one: "" is the cascade's own.
type changelog map[string][]byte

// run takes records in, and returns what the store then would have of what has changed. Each place at which something may be concluded is told.
func (s changelog) run(t *rapid.T, log []*Progress, from, to, room int, whole func(i int, r *CascadeRow)) changelog {
	written := maps.Clone(s)
	row := &CascadeRow{}
	if data := s[""]; data != nil {
		row = must(CascadeRows.Decode(data))
	}
	for i := from; i < to; i++ {
		u := &CascadeUpdate{Row: row, Room: room, At: PlaceOf(int64(i/4), i%4), Part: func(path string) (*CascadePart, error) {
			if data := written[path]; data != nil {
				return CascadePartRows.Decode(data)
			}
			return nil, nil
		}}
		if err := u.Note(log[i], theRoot); err != nil {
			t.Fatal(err)
		}
		for _, c := range log[i].Chunks {
			if err := u.Count(c); err != nil {
				t.Fatal(err)
			}
		}
		err := u.Save(func(path string, p *CascadePart) error {
			if len(p.Messages) > room || len(p.Chunks) > room || len(p.Parts) > 64 {
				t.Errorf("part %s has %d messages, %d chunks, %d parts", path, len(p.Messages), len(p.Chunks), len(p.Parts))
			}
			written[path] = must(CascadePartRows.Encode(p))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(row.Messages) > room || len(row.Chunks) > room {
			t.Errorf("the row has %d messages, %d chunks", len(row.Messages), len(row.Chunks))
		}
		if u.Whole() {
			whole(i, row)
		}
		row = must(CascadeRows.Decode(must(CascadeRows.Encode(row))))
	}
	written[""] = must(CascadeRows.Encode(row))
	return written
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Whatever a crash leaves of a batch's rows, and however often: what is concluded of a cascade is what its log says, nothing is concluded before all rows
// have it, and at the end of the log it is.
func TestCascadeRowsThatAreTorn(t *testing.T) {
	t.Parallel()
	crashed, parted := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		log, room := drawCascade(t), rapid.IntRange(1, 4).Draw(t, "room")
		want := make([]string, len(log))
		naive := &naiveCascade{messages: map[int64]*MessageState{}, chunks: map[string]ChunkProgress{}}
		for i, p := range log {
			naive.take(p)
			want[i] = naive.says()
		}
		state, last := changelog{}, -1
		for at := 0; at < len(log); {
			to := min(len(log), at+rapid.IntRange(1, 12).Draw(t, "batch"))
			next := state.run(t, log, at, to, room, func(i int, r *CascadeRow) {
				last = i
				if got := saysRow(r); got != want[i] {
					t.Fatalf("behind record %d of %d: %s; want %s", i, len(log), got, want[i])
				}
			})
			if rapid.IntRange(0, 2).Draw(t, "crash") > 0 {
				state, at = next, to
				continue
			}
			crashed++
			for _, path := range slices.Sorted(maps.Keys(next)) {
				if !bytes.Equal(next[path], state[path]) && rapid.Bool().Draw(t, "in the log") {
					state[path] = next[path]
				}
			}
		}
		if last != len(log)-1 {
			t.Fatalf("nothing is concluded at the end of the log, but at %d of %d", last, len(log))
		}
		if len(state) > 1 {
			parted++
		}
	})
	if crashed == 0 || parted == 0 {
		t.Errorf("%d crashes, %d cascades with parts", crashed, parted)
	}
}

// No row of a large cascade is large, and what is near each other is in few parts.
func TestLargeCascadesHaveSmallRows(t *testing.T) {
	t.Parallel()
	const n, most = 100_000, 16 << 10
	row, parts := &CascadeRow{}, map[string]*CascadePart{}
	touched := 0
	update := func(i int64, fill func(u *CascadeUpdate) error) {
		u := &CascadeUpdate{Row: row, Room: CascadeEntries, At: i, Part: func(path string) (*CascadePart, error) { return parts[path], nil }}
		err := fill(u)
		if err == nil {
			err = u.Save(func(path string, p *CascadePart) error { touched++; parts[path] = p; return nil })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range int64(n) {
		update(i, func(u *CascadeUpdate) error {
			p := &Progress{Message: int64(xxhash.Sum64String(strconv.FormatInt(i, 10))), Walked: true}
			p.Walks = []int64{p.Message}
			p.Asks.Add(11)
			p.Asked.Add(11)
			return u.Note(p, theRoot)
		})
	}
	for i := int64(0); i < n; i += 64 {
		touched = 0
		update(i, func(u *CascadeUpdate) error {
			for j := range int64(64) {
				if err := u.Count(ChunkProgress{Wiki: "enwiki", Chunk: (i + j) << 8, Asked: 256, Outstanding: 1}); err != nil {
					return err
				}
			}
			return nil
		})
		if touched > 5 {
			t.Errorf("64 chunks from %d are in %d parts", i, touched)
		}
	}
	if row.Asked != (n+63)/64*64*256 || row.Outstanding != (n+63)/64*64 {
		t.Errorf("asked %d, outstanding %d", row.Asked, row.Outstanding)
	}
	sizes := map[string]int{"": len(must(CascadeRows.Encode(row)))}
	for path, p := range parts {
		sizes[path] = len(must(CascadePartRows.Encode(p)))
	}
	greatest := slices.MaxFunc(slices.Collect(maps.Keys(sizes)), func(a, b string) int { return sizes[a] - sizes[b] })
	if sizes[greatest] > most {
		t.Errorf("%q has %d bytes", greatest, sizes[greatest])
	}
	deepest := slices.MaxFunc(slices.Collect(maps.Keys(sizes)), func(a, b string) int { return len(a) - len(b) })
	t.Logf("%d parts; the row has %d bytes; %q has most, %d; %d levels", len(parts), sizes[""], greatest, sizes[greatest], strings.Count(deepest, "")/2)
}
