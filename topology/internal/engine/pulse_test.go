package engine

import (
	"testing"
	"time"
)

func TestPulse(t *testing.T) {
	t.Parallel()
	p := pulse{limit: time.Second}
	now := time.Now()
	for i, step := range []struct {
		after time.Duration
		want  int64
	}{{0, 0}, {time.Second, 0}, {time.Second + 1, 1}, {0, 1}, {time.Hour, 2}, {time.Millisecond, 2}} {
		now = now.Add(step.after)
		if got := p.observe(now); got != step.want {
			t.Errorf("step %d: %d pauses, want %d", i, got, step.want)
		}
	}
}

// Pause makes the engine believe that the process did not run for long.
func (e *Engine) Pause() {
	e.pulse.mu.Lock()
	defer e.pulse.mu.Unlock()
	e.pulse.pauses++
}
