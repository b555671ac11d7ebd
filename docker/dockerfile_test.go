package docker_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDockerfile(t *testing.T) {
	t.Parallel()
	f, err := os.Open("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	faults, err := lint(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

// The rules have to see the faults that they are for.
func TestRules(t *testing.T) {
	t.Parallel()
	const good = "FROM golang:1.26 AS build\nRUN go build\nFROM scratch\nCOPY --from=build /a /a\nUSER 1\n" +
		"HEALTHCHECK CMD [\"/a\"]\nENTRYPOINT [\"/a\"]\n"
	for _, test := range []struct{ name, old, replacement, fault string }{
		{"none", "", "", ""},
		{"no tag", "golang:1.26", "golang", `base image "golang" is not pinned to a version`},
		{"latest", "golang:1.26", "golang:latest", `base image "golang:latest" is not pinned to a version`},
		{"port is no tag", "golang:1.26", "registry:5000/golang", `base image "registry:5000/golang" is not pinned to a version`},
		{"root", "USER 1\n", "", "the image runs as root"},
		{"root by number", "USER 1", "USER 0:0", "the image runs as root"},
		{"add", "COPY --from=build", "ADD", "ADD fetches and unpacks silently: use COPY"},
		{"no health check", "HEALTHCHECK CMD [\"/a\"]\n", "", "there is no HEALTHCHECK"},
		{"health check by shell", "HEALTHCHECK CMD [\"/a\"]", "HEALTHCHECK CMD /a", "HEALTHCHECK is not in exec form"},
		{"entry point by shell", "ENTRYPOINT [\"/a\"]", "ENTRYPOINT /a", "ENTRYPOINT is not in exec form: it would not see SIGTERM"},
		{"curl", "RUN go build", "RUN curl example.org", "what curl fetches is not pinned"},
		{"casing", "AS build", "as build", "FromAsCasing: 'as' and 'FROM' keywords' casing do not match"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			faults, err := lint(strings.NewReader(strings.Replace(good, test.old, test.replacement, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if test.fault == "" && len(faults) > 0 || test.fault != "" && !slices.Contains(faults, test.fault) {
				t.Errorf("faults are %q, want %q", faults, test.fault)
			}
		})
	}
}

// The build's context holds what the binary is made of: every package of the module that it imports.
func TestContext(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("Dockerfile.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	if !slices.Contains(lines, "*") {
		t.Error("the context is not closed by default")
	}
	for _, folder := range imported(t) {
		if !slices.Contains(lines, "!"+folder) {
			t.Errorf("folder %q is imported but not in the context", folder)
		}
	}
	for _, line := range lines {
		if name, ok := strings.CutPrefix(line, "!"); ok {
			if _, err := os.Stat(filepath.Join("..", name)); err != nil {
				t.Errorf("%q is in the context but not in the project", name)
			}
		}
	}
}
