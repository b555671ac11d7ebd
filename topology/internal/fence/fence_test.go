package fence_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/topology/internal/fence"
)

func stamp(processor string, partition int32, epoch int64) fence.Stamp {
	return fence.Stamp{Task: fence.Task{Processor: processor, Partition: partition}, Epoch: epoch}
}

func TestAdmitDropsFormerEpochsOnly(t *testing.T) {
	t.Parallel()
	var s fence.Seen
	for _, c := range []struct {
		stamp fence.Stamp
		want  bool
	}{
		{stamp("a", 0, 5), true},
		{stamp("a", 0, 5), true},
		{stamp("a", 1, 2), true}, // another partition's owner
		{stamp("b", 0, 1), true}, // another processor
		{stamp("a", 0, 7), true},
		{stamp("a", 0, 6), false},
		{stamp("a", 0, 7), true},
		{stamp("a", 1, 1), false},
	} {
		if got := s.Admit(c.stamp); got != c.want {
			t.Errorf("%+v: admitted %t, want %t", c.stamp, got, c.want)
		}
	}
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s fence.Seen
		for range rapid.IntRange(0, 40).Draw(t, "stamps") {
			st := stamp(rapid.StringMatching(`[a-zA-Z0-9._-]{1,20}`).Draw(t, "processor"), rapid.Int32Range(0, 1<<31-1).Draw(t, "partition"), rapid.Int64Range(1, 1<<40).Draw(t, "epoch"))
			back, err := fence.Parse(st.Append(nil))
			if err != nil || back != st {
				t.Fatalf("%+v was read as %+v, %v", st, back, err)
			}
			s.Admit(st)
		}
		text, err := s.Text()
		if err != nil {
			t.Skip(err)
		}
		back, err := fence.ParseSeen(text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := back.Text(); err != nil || again != text {
			t.Fatalf("%q was read and spelled %q, %v", text, again, err)
		}
	})
}

func TestTextIsBounded(t *testing.T) {
	t.Parallel()
	fill := func(tasks int32) fence.Seen {
		var s fence.Seen
		for p := range tasks {
			s.Admit(stamp("dependents", p, 1_790_000_000+int64(p)*100))
		}
		return s
	}
	for _, tasks := range []int32{1, 32, 512} {
		s := fill(tasks)
		if text, err := s.Text(); err != nil {
			t.Errorf("%d tasks: %v", tasks, err)
		} else if n := len(text); tasks == 32 && n > 256 {
			t.Errorf("%d tasks take %d bytes", tasks, n)
		}
	}
	s := fill(4000)
	if _, err := s.Text(); !errors.Is(err, fence.ErrTooMany) {
		t.Errorf("4000 tasks: %v, want %v", err, fence.ErrTooMany)
	}
}

// What cannot be a stamp is not taken for one: it would keep out what others write.
func TestParseRefusesWhatIsNoStamp(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "\x00\x01p", "\x05", "\x05\x01", "\x05\x01with space", "\x05\x01\xff", "\x05\x01" + strings.Repeat("p", 300), strings.Repeat("\xff", 1<<20), string(stamp("p", 1, 1<<41).Append(nil))} {
		if s, err := fence.Parse([]byte(value)); err == nil {
			t.Errorf("%.40q is %+v", value, s)
		} else if len(err.Error()) > 200 {
			t.Errorf("the error has %d bytes", len(err.Error()))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(stamp("dependents", 3, 77).Append(nil))
	f.Add([]byte(strings.Repeat("\xff", 20)))
	f.Fuzz(func(t *testing.T, value []byte) {
		s, err := fence.Parse(value)
		if err != nil {
			return
		}
		if back, err := fence.Parse(s.Append(nil)); err != nil || back != s {
			t.Errorf("%+v became %+v, %v", s, back, err)
		}
		if epoch, err := fence.ParseEpoch(value, s.Task.Partition); err != nil || epoch != s.Epoch {
			t.Errorf("the epoch of %+v is %d, %v", s, epoch, err)
		}
		if _, err := fence.ParseEpoch(value, s.Task.Partition+1); err == nil {
			t.Errorf("%+v is taken for one of the next partition", s)
		}
	})
}

func FuzzParseSeen(f *testing.F) {
	f.Add("")
	f.Add("AQFhAQUABQ")
	f.Add("AQAD0000A00007200000") // a partition that does not fit into 31 bits
	f.Fuzz(func(t *testing.T, text string) {
		s, err := fence.ParseSeen(text)
		if err != nil {
			return
		}
		spelled, err := s.Text()
		if err != nil {
			return
		}
		if back, err := fence.ParseSeen(spelled); err != nil || back.Len() != s.Len() {
			t.Errorf("%q became %q: %v", text, spelled, err)
		}
	})
}
