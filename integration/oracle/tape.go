package oracle

import (
	"math/rand/v2"
	"slices"
)

// Tape is the numbers that a scenario drew: a scenario is a function of its tape. It implements
// [simwiki.Chooser].
type Tape struct {
	numbers []int
	next    int
	source  *rand.Rand // nil: nothing is drawn anew, behind the end all numbers are 0
}

// NewTape returns a tape that draws from a seed and keeps what it drew.
func NewTape(seed uint64) *Tape { return &Tape{source: rand.New(rand.NewPCG(seed, 0xedd7))} }

// Replay returns a tape that plays what was kept, and zeros behind.
func Replay(numbers []int) *Tape { return &Tape{numbers: numbers} }

// IntN returns one of 0..n-1.
func (t *Tape) IntN(n int) int {
	if t.next < len(t.numbers) {
		v := t.numbers[t.next] % n
		t.next++
		return v
	}
	v := 0
	if t.source != nil {
		v = t.source.IntN(n)
		t.numbers = append(t.numbers, v)
	}
	t.next++
	return v
}

// Numbers returns what was drawn so far.
func (t *Tape) Numbers() []int { return slices.Clone(t.numbers) }

// Shrink returns a shorter tape of smaller numbers on which fails still says true, as small as
// it finds by leaving out parts and lowering numbers, in at most tries calls of fails.
func Shrink(numbers []int, tries int, fails func(numbers []int) bool) []int {
	best := slices.Clone(numbers)
	try := func(candidate []int) bool {
		if tries <= 0 {
			return false
		}
		tries--
		if !fails(candidate) {
			return false
		}
		best = candidate
		return true
	}
	for progress := true; progress && tries > 0; {
		progress = false
		for size := max(1, len(best)/2); size >= 1; size /= 2 {
			for at := 0; at+size <= len(best); {
				if try(slices.Delete(slices.Clone(best), at, at+size)) {
					progress = true
				} else {
					at += size
				}
			}
		}
		for i := range best {
			for _, v := range []int{0, best[i] / 2, best[i] - 1} {
				if i < len(best) && v >= 0 && v < best[i] {
					candidate := slices.Clone(best)
					candidate[i] = v
					if try(candidate) {
						progress = true
						break
					}
				}
			}
		}
	}
	return best
}
