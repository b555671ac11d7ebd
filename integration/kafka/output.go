package kafka

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
)

// tailLines is how many of the last lines an error shows.
const tailLines = 20

// output takes what a broker prints: it finds the line that says that the broker serves, keeps the last ones for errors, and passes
// all on.
type output struct {
	prefix string
	to     io.Writer // shared by all brokers
	mu     *sync.Mutex

	part []byte // of a line
	tail []string

	marker string        // to find
	found  chan struct{} // closed when it was
}

// Write takes a piece of the output.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.part = append(o.part, p...)
	for {
		line, rest, whole := bytes.Cut(o.part, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		o.part = rest
		o.line(string(line))
	}
}

func (o *output) line(line string) {
	if o.marker != "" && strings.Contains(line, o.marker) {
		o.marker = ""
		close(o.found)
	}
	o.tail = append(o.tail, line)
	if len(o.tail) > tailLines {
		o.tail = o.tail[1:]
	}
	if o.to != nil {
		_, _ = io.WriteString(o.to, o.prefix+line+"\n") // a log that cannot be written does not end a broker
	}
}

// last returns the last lines.
func (o *output) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(append(slices.Clip(o.tail), string(o.part)), "\n")
}
