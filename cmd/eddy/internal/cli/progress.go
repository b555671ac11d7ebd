package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a command has come: a bar on a terminal, elsewhere a line every few seconds. It is safe for
// concurrent use.
type progress struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	err   io.Writer
	name  string
	total int
	last  time.Time
	seen  int
}

// lineEvery is how often a line is written where there is no terminal.
const lineEvery = 5 * time.Second

// progress begins; a total of 0 is not known.
func (w world) progress(name string, total int) *progress {
	p := &progress{err: w.err, name: name, total: total, last: time.Now()}
	if w.terminal {
		size := int64(total)
		if total == 0 {
			size = -1
		}
		p.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(w.err),
			progressbar.OptionSetDescription(name),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionShowCount(),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// Set says how much is done.
func (p *progress) Set(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = n
	if p.bar != nil {
		_ = p.bar.Set(n) // a terminal that went away is no error of the command
		return
	}
	if now := time.Now(); now.Sub(p.last) >= lineEvery {
		p.last = now
		p.line()
	}
}

func (p *progress) line() {
	if p.total > 0 {
		_, _ = fmt.Fprintf(p.err, "%s: %d of %d\n", p.name, p.seen, p.total)
		return
	}
	_, _ = fmt.Fprintf(p.err, "%s: %d\n", p.name, p.seen)
}

// Done ends it.
func (p *progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish() // as in Set
	}
}
