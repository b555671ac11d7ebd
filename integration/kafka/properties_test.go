package kafka

import (
	"strings"
	"sync"
	"testing"
)

func TestFormatProperties(t *testing.T) {
	t.Parallel()
	got := formatProperties(map[string]string{"b": `C:\x=1, 2`, "a": "ü 😀\n", "c!": "#"})
	want := `a=\u00fc\u0020\ud83d\ude00\u000a` + "\n" + `b=C\:\\x\=1,\u00202` + "\n" + `c\!=\#` + "\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	o := output{prefix: "x: ", to: &log, mu: new(sync.Mutex), marker: "serves", found: make(chan struct{})}
	for _, part := range []string{"one\ntwo ser", "ves\nit serves\nthr", "ee"} {
		n, err := o.Write([]byte(part))
		if n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	select {
	case <-o.found:
	default:
		t.Error("the marker was not found")
	}
	if got := log.String(); got != "x: one\nx: two serves\nx: it serves\n" {
		t.Errorf("passed on %q", got)
	}
	if got := o.last(); got != "one\ntwo serves\nit serves\nthree" {
		t.Errorf("the last lines are %q", got)
	}
	for range 2 * tailLines {
		_, _ = o.Write([]byte("\n."))
	}
	if got := strings.Count(o.last(), "\n"); got != tailLines {
		t.Errorf("%d lines kept", got)
	}
}
