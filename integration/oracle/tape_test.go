package oracle

import (
	"slices"
	"testing"
)

func TestTapeReplays(t *testing.T) {
	t.Parallel()
	draw := func(c *Tape) (out []int) {
		for n := 1; n < 50; n++ {
			out = append(out, c.IntN(n))
		}
		return out
	}
	tape := NewTape(3)
	first := draw(tape)
	if again := draw(Replay(tape.Numbers())); !slices.Equal(first, again) {
		t.Errorf("replayed %v, drawn %v", again, first)
	}
	if slices.Equal(first, draw(NewTape(4))) {
		t.Error("two seeds draw the same")
	}
	if n := Replay([]int{7}).IntN(5); n != 2 {
		t.Errorf("a number beyond the range gives %d, want 2", n)
	}
	empty := Replay(nil)
	if n := empty.IntN(9); n != 0 {
		t.Errorf("behind the end: %d, want 0", n)
	}
}

func TestShrink(t *testing.T) {
	t.Parallel()
	tape := NewTape(1)
	for range 200 {
		tape.IntN(1000)
	}
	calls := 0
	small := Shrink(append(tape.Numbers(), 900, 5, 901), 5000, func(numbers []int) bool {
		calls++
		great := 0
		for _, n := range numbers {
			if n >= 500 {
				great++
			}
		}
		return great >= 2
	})
	if !slices.Equal(small, []int{500, 500}) {
		t.Errorf("shrunk to %v, want two times 500", small)
	}
	if calls > 5000 {
		t.Errorf("%d tries", calls)
	}
}
