//go:build unix

package faults

import "testing"

// A cell has what was lost, repeated and wrong in the runs that came to their end, and how the others ended.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Outcome{
		"1 / 2 / 3":                          {Runs: 2, Lost: 1, Twice: 2, Wrong: 3},
		"0 / 0 / 0; 1× refused":              {Runs: 2, Refused: 1},
		"2× refused":                         {Runs: 2, Refused: 2},
		"1 / 0 / 0; 1× crash loop":           {Runs: 2, Lost: 1, Looped: 1},
		"1× refused; 1× stuck":               {Runs: 2, Refused: 1, Stuck: 1},
		"0 / 7 / 0; 1× crash loop; 1× stuck": {Runs: 3, Twice: 7, Looped: 1, Stuck: 1},
	} {
		if got := o.String(); got != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
}

// All kinds that are compared can be drawn, for the counting pipeline.
func TestComparedKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range Compared() {
		if s, err := DrawOf(kind, 1, Counting, AtLeastOnce); err != nil || len(s.Steps) == 0 {
			t.Errorf("%s: %v, %v", kind, s, err)
		}
	}
	if _, err := DrawOf("no-such-kind", 1, Counting, AtLeastOnce); err == nil {
		t.Error("a kind that there is not")
	}
}
