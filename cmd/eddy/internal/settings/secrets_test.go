package settings

import (
	"strings"
	"testing"
)

// Whatever is wrong with a file, what the error says does not show what is in it: it ends in logs.
func TestErrorsShowNoSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	text := "brokers: [a:1, b:1]\nsasl:\n  mechanism: PLAIN\n  user: bob\n  password: " + secret + "\nlog: {level: info}\n"
	refused := 0
	judge := func(text string, err error) {
		if err == nil {
			return
		}
		refused++
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q: the error shows the password: %v", text, err)
		}
		if !strings.Contains(err.Error(), "eddy.yaml") {
			t.Errorf("%q: the error does not name the file: %v", text, err)
		}
	}
	parse := func(text string) {
		_, err := parseYAML("eddy.yaml", []byte(text))
		judge(text, err)
	}
	for at := range len(text) + 1 {
		for _, wrong := range []string{"[", "]", "{", "}", "\"", "'", ":", ": ", "*", "&x ", "!!int ", "!!float ", "|", "\t", "\n", "\n- ", "\n  ", "%", "@", "`", ",", "#", "? ", "\x00", "\n---\n", "<<: *x"} {
			parse(text[:at] + wrong + text[at:])
		}
		parse(text[:at])
	}
	for _, wrong := range []string{
		"sasl: {password: [" + secret + "]}\n",
		"sasl: {password: {a: " + secret + "}}\n",
		"sasl: {password: {" + secret + ": a}}\n",
		"sasl.password: [" + secret + "]\n",
		"partitions: " + secret + "\n",
		"sasl: " + secret + "\n",
		secret,
		"- " + secret,
	} {
		_, err := Load(Sources{File: file(t, wrong)})
		judge(wrong, err)
	}
	if refused < 1000 {
		t.Errorf("only %d files were refused", refused)
	}
}

// A value that cannot be read is named by its place.
func TestValuesAreNamedByTheirPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file    string
		environ []string
		want    []string
	}{
		{file: "standby: true\npartitions: abc\n", want: []string{":2: partitions: is to be a whole number"}},
		{file: "commit:\n  interval: soon\ndrain-timeout: 3 weeks\n", want: []string{":2: commit.interval: is to be a duration", ":3: drain-timeout: is to be a duration"}},
		{file: "memory: lots\nstandby: perhaps\n", want: []string{":1: memory: is to be a size", ":2: standby: is to be true or false"}},
		{file: "tls.enabled: perhaps\n", want: []string{":1: tls.enabled: is to be true or false"}},
		{file: "commit.records: 1\ncommit: {records: 2}\n", want: []string{`"commit.records" is set twice`}},
		{file: "log: info\n", want: []string{`:1: unknown key "log"`}},
		{file: "partitions: 1\n---\npartitions: 2\n", want: []string{"more than one document"}},
		{environ: []string{"EDDY_PARTITIONS=abc", "EDDY_COMMIT_INTERVAL=5"}, want: []string{"EDDY_PARTITIONS: is to be a whole number", "EDDY_COMMIT_INTERVAL: is to be a duration"}},
	} {
		src := Sources{Environ: test.environ}
		if test.file != "" {
			src.File = file(t, test.file)
		}
		_, err := Load(src)
		if err == nil {
			t.Errorf("%q %q: no error", test.file, test.environ)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q %q: %q does not say %q", test.file, test.environ, err, want)
			}
		}
	}
}

// Keys may be written as they are listed.
func TestDottedKeys(t *testing.T) {
	t.Parallel()
	s, err := Load(Sources{File: file(t, "sasl.user: bob\nsasl: {mechanism: PLAIN}\ncommit.interval: 5ms\ntls:\n  ca: x\n")})
	if err != nil || s.SASL.User != "bob" || s.SASL.Mechanism != "PLAIN" || s.Commit.Interval.Milliseconds() != 5 || s.TLS.CA != "x" {
		t.Errorf("%+v, %v", s, err)
	}
}

// Kubernetes sets variables for each Service of the namespace; one may be called as the program is.
func TestVariablesOfServices(t *testing.T) {
	t.Parallel()
	_, err := Load(Sources{Environ: []string{
		"EDDY_PORT=tcp://10.0.0.1:8086", "EDDY_SERVICE_HOST=10.0.0.1", "EDDY_SERVICE_PORT=8086", "EDDY_SERVICE_PORT_HTTP=8086",
		"EDDY_PORT_8086_TCP=tcp://10.0.0.1:8086", "EDDY_PORT_8086_TCP_PROTO=tcp", "EDDY_PORT_8086_TCP_PORT=8086", "EDDY_PORT_8086_TCP_ADDR=10.0.0.1",
		"EDDY_WORKER_2_PORT=udp://[fd00::1]:53", "EDDY_WORKER_2_SERVICE_HOST=fd00::1", "EDDY_WORKER_2_PORT_53_UDP=udp://[fd00::1]:53",
	}})
	if err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"EDDY_PORT=9092", "EDDY_BROKER_PORT=9092", "EDDY_SERVICE=a", "EDDY_HOST=a"} {
		if _, err := Load(Sources{Environ: []string{wrong}}); err == nil {
			t.Errorf("%s: no error", wrong)
		}
	}
}
