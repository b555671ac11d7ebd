package cli

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// invocation is how a command is run that needs nothing but brokers to succeed.
type invocation struct {
	args     []string // beside the command
	brokers  bool     // it cannot do without brokers
	settings bool     // it reads settings
	ready    bool     // that nothing answers is no error of it
}

// TestExitCodes wants that the same mistake has the same exit code in every command.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	query := func(arg ...string) invocation { return invocation{args: arg, brokers: true, settings: true} }
	commands := map[string]invocation{
		"demo":             {settings: true},
		"replay":           {args: []string{missing}, settings: true},
		"run":              {args: []string{"--data", filepath.Join(dir, "run")}, brokers: true, settings: true},
		"query page":       query("w:1"),
		"query pages":      query(),
		"query title":      query("w:0:T"),
		"query titles":     query(),
		"query links":      query("w:1"),
		"query dependents": query("w:0:T"),
		"query requests":   query(),
		"query cascade":    query("0123456789abcdef"),
		"query cascades":   query(),
		"plan":             query("w:0:T"),
		"tail":             query("requests"),
		"topology":         {},
		"bench":            {settings: true},
		"broker":           {settings: true},
		"topics create":    query(),
		"dlq list":         query(),
		"dlq show":         query("0:1"),
		"dlq replay":       query("0:1"),
		"dlq drop":         query("0:1"),
		"reset":            query("--dry-run"),
		"restore":          query("--from-local", "--dry-run", "--data", filepath.Join(dir, "run")),
		"health":           {settings: true, ready: true},
		"settings":         {settings: true},
		"version":          {},
	}
	var left []string
	for _, path := range paths(t) {
		name := strings.Join(path, " ")
		if path == nil || strings.HasPrefix(name, "completion") || name == "help" {
			continue
		}
		if _, known := commands[name]; !known && name != "query" && name != "topics" && name != "dlq" && name != "" {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		t.Errorf("nothing is said of the exit codes of %q", left)
	}
	dead := deadAddress(t)
	for name, c := range commands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := strings.Fields(name)
			wantCode(t, exitUsage, append(path, "--no-such-flag"))
			wantCode(t, exitUsage, append(path, "too", "many", "words", "--bogus=1"))
			if c.settings {
				wantCode(t, exitUsage, slices.Concat(path, c.args, []string{"--config", missing}))
				wantCode(t, exitUsage, slices.Concat(path, c.args, []string{"--log-level", "shrill"}))
				wantCode(t, exitUsage, slices.Concat(path, c.args), "EDDY_PARTITIONS=many")
				wantCode(t, exitUsage, slices.Concat(path, c.args), "EDDY_PARTITIONZ=8")
			}
			if c.brokers {
				wantCode(t, exitUsage, slices.Concat(path, c.args))
				wantCode(t, exitError, slices.Concat(path, c.args, []string{"--brokers", dead}))
			}
			if c.ready {
				wantCode(t, exitNotReady, slices.Concat(path, c.args, []string{"--address", dead}))
			}
		})
	}
	for name, test := range map[string]struct {
		want int
		args []string
	}{
		"an unknown command":              {exitUsage, []string{"shrug"}},
		"an unknown command below one":    {exitUsage, []string{"query", "shrug", "--brokers", dead}},
		"processors of a whole pipeline":  {exitUsage, []string{"bench", "--processors", "pages"}},
		"no pages":                        {exitUsage, []string{"bench", "--pages", "0"}},
		"no cascades":                     {exitUsage, []string{"bench", "--pages", "9", "--small", "-1"}},
		"a workload that is not there":    {exitInput, []string{"bench", "--workload", missing}},
		"events that are not there":       {exitInput, []string{"replay", missing}},
		"a folder for events":             {exitInput, []string{"replay", dir}},
		"siteinfo that is not there":      {exitUsage, []string{"replay", "--siteinfo", missing, missing}},
		"an output that cannot be made":   {exitUsage, []string{"replay", "--out", "/dev/null/out", "-"}},
		"a place that cannot be listened": {exitUsage, []string{"broker", "--data", filepath.Join(dir, "broker"), "--listen", "192.0.2.1:1"}},
		"a place that is none":            {exitUsage, []string{"broker", "--data", filepath.Join(dir, "broker"), "--listen", "here"}},
		"a limit that is none":            {exitUsage, []string{"dlq", "list", "--brokers", dead, "-n", "-5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, test.want, test.args)
		})
	}
	for _, args := range [][]string{{"bench", "--pages", "9"}, {"replay", "-"}} {
		t.Run("processors for "+args[0], func(t *testing.T) {
			t.Parallel()
			wantCode(t, exitUsage, args, "EDDY_PROCESSORS=pages")
		})
	}
}

// wantCode runs a command and wants its exit code, and a word about it.
func wantCode(t *testing.T, want int, args []string, environ ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	got := run(ctx, args, world{in: strings.NewReader(""), out: &out, err: &errs, environ: environ})
	if got != want || !strings.Contains(errs.String(), "eddy: ") || want == exitUsage != strings.Contains(errs.String(), "--help'") {
		t.Errorf("%q %q: exit code %d, want %d:\n%s%s", environ, args, got, want, out.String(), errs.String())
	}
}

// deadAddress is one where nobody answers.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
