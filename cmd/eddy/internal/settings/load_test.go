package settings

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/topology"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "eddy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	BindLog(fs)
	BindConnection(fs)
	BindTopics(fs)
	BindData(fs, "")
	BindWiki(fs)
	BindClocks(fs)
	BindWorker(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestLoadPrecedence(t *testing.T) {
	t.Parallel()
	path := file(t, "brokers: [file:1, file:2]\npartitions: 4\nreplication: 2\ncommit:\n  interval: 5ms\nlog: {level: debug}\nsasl:\n  user: file\n")
	s, err := Load(Sources{
		File:    path,
		Environ: []string{"HOME=/", "EDDY_BROKERS=env:1, env:2", "EDDY_PARTITIONS=5", "EDDY_STANDBY=true", "EDDY_DRAIN_TIMEOUT=3s", "EDDY_SASL_USER=", "EDDY_DATA=/tests"},
		Flags:   flags(t, "--brokers", "flag:1", "--data", "/flag"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"flag:1"}; !slices.Equal(s.Brokers, want) {
		t.Errorf("brokers %q, want the flag's %q", s.Brokers, want)
	}
	if s.Partitions != 5 || !s.Standby || s.DrainTimeout != 3*time.Second {
		t.Errorf("partitions %d, standby %t, drain %s: want the environment's 5, true, 3s", s.Partitions, s.Standby, s.DrainTimeout)
	}
	if s.Replication != 2 || s.Commit.Interval != 5*time.Millisecond || s.Log.Level != "debug" {
		t.Errorf("replication %d, interval %s, level %q: want the file's", s.Replication, s.Commit.Interval, s.Log.Level)
	}
	if s.SASL.User != "file" {
		t.Errorf("an empty variable counts: user %q", s.SASL.User)
	}
	if s.DataDir != "/flag" || s.ClientID != "eddy" {
		t.Errorf("data %q, client id %q", s.DataDir, s.ClientID)
	}
}

func TestLoadLists(t *testing.T) {
	t.Parallel()
	s, err := Load(Sources{Environ: []string{"EDDY_BROKERS=a:1,b:2, c:3"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a:1", "b:2", "c:3"}; !slices.Equal(s.Brokers, want) {
		t.Errorf("brokers %q, want %q", s.Brokers, want)
	}
	s, err = Load(Sources{Flags: flags(t, "--siteinfo", "a.json", "--siteinfo", "b.json")})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a.json", "b.json"}; !slices.Equal(s.SiteInfo, want) {
		t.Errorf("siteinfo %q, want %q", s.SiteInfo, want)
	}
}

func TestLoadFileOfEnvironment(t *testing.T) {
	t.Parallel()
	s, err := Load(Sources{Environ: []string{"EDDY_CONFIG=" + file(t, "partitions: 3\n")}})
	if err != nil || s.Partitions != 3 {
		t.Errorf("partitions %d, error %v", s.Partitions, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		environ    []string
		args       []string
		want       []string
	}{
		{name: "unknown keys of the file", file: "partitions: 3\nbroker: x\ntls:\n  ca: a\n  vertify: no\n", want: []string{`:2: unknown key "broker"`, `:5: unknown key "tls.vertify"`}},
		{name: "a map for a value", file: "brokers:\n  one: a:1\n", want: []string{":2: brokers: is to be a list of texts"}},
		{name: "broken file", file: "a: [\n", want: []string{"configuration file"}},
		{name: "unknown variable", environ: []string{"EDDY_BROKER=a", "EDDY_PARTITON=3"}, want: []string{`"EDDY_BROKER"`, `"EDDY_PARTITON"`}},
		{name: "no number", environ: []string{"EDDY_PARTITIONS=many"}, want: []string{"EDDY_PARTITIONS: is to be a whole number"}},
		{name: "values", args: []string{"--partitions=0", "--start-on=dawn", "--log-level=loud", "--keep-cascades=59m", "--max-record=64MiB", "--clock-skew=-1s", "--coalesce=1ms"}, want: []string{"partitions: 0", "max-record: 67108864: want 1000000 to 32MiB", `"dawn"`, `"loud"`, "keep-cascades: 59m0s", "clock-skew: -1s", "coalesce: 1ms"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			src := Sources{Environ: test.environ, Flags: flags(t, test.args...)}
			if test.file != "" {
				src.File = file(t, test.file)
			}
			_, err := Load(src)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
	if _, err := Load(Sources{File: filepath.Join(t.TempDir(), "none.yaml")}); err == nil {
		t.Error("a missing file is no error")
	}
}

// Every flag that sets something sets a setting that exists, and shows its default.
func TestFlagsNameSettings(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, e := range List(Default(), topology.MemoryPlan{}) {
		known[e.Key] = true
	}
	bound := 0
	flags(t).VisitAll(func(f *pflag.Flag) {
		bound++
		if !known[keyOfFlag(f)] {
			t.Errorf("flag --%s sets %q, which is no setting", f.Name, keyOfFlag(f))
		}
	})
	if bound == 0 {
		t.Error("no flags")
	}
	s, err := Load(Sources{Flags: flags(t)})
	if err != nil {
		t.Fatal(err)
	}
	if s.Partitions != Default().Partitions || s.StartOn != Default().StartOn {
		t.Errorf("flags that were not given changed the defaults: %+v", s)
	}
}

func TestListHidesPassword(t *testing.T) {
	t.Parallel()
	for _, e := range List(Settings{SASL: SASL{Password: "secret"}}, topology.MemoryPlan{}) {
		if e.Value == "secret" {
			t.Errorf("%s is shown", e.Key)
		}
	}
}
