package cli

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// paths are the words of all commands that there are.
func paths(t *testing.T) [][]string {
	t.Helper()
	root := newRoot(world{out: io.Discard, err: io.Discard})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var all [][]string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		all = append(all, strings.Fields(c.CommandPath())[1:])
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	if len(all) < 25 {
		t.Fatalf("only %d commands: %q", len(all), all)
	}
	return all
}

// Help fits a terminal of 100 columns, and commands of our own say what they are for, with an example.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, path := range paths(t) {
		var out bytes.Buffer
		if code := run(t.Context(), append(slices.Clone(path), "--help"), world{out: &out, err: &out}); code != exitOK {
			t.Errorf("%q --help: exit code %d", path, code)
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > helpWidth {
				t.Errorf("%q --help: %d columns: %s", path, n, line)
			}
		}
		if len(path) > 0 && path[0] != "completion" && path[0] != "help" && !strings.Contains(out.String(), "Examples:\n") {
			t.Errorf("%q --help has no example", path)
		}
	}
}
