package docker_test

import (
	"fmt"
	"io"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// lint parses a Dockerfile and returns what BuildKit's own linter and the rules below object to.
func lint(r io.Reader) ([]string, error) {
	file, err := parser.Parse(r)
	if err != nil {
		return nil, err
	}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	own := linter.New(&linter.Config{Warn: func(rule, _, _, text string, _ []parser.Range) {
		fault("%s: %s", rule, text)
	}})
	stages, _, err := instructions.Parse(file.AST, own)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for i, stage := range stages {
		if !names[stage.BaseName] && stage.BaseName != "scratch" {
			checkBase(stage.BaseName, fault)
		}
		checkStage(stage, i == len(stages)-1, fault)
		names[stage.Name] = true
	}
	return faults, nil
}

// checkBase wants a tag that names a version, or a digest.
func checkBase(name string, fault func(string, ...any)) {
	if strings.Contains(name, "@sha256:") {
		return
	}
	_, tag, ok := strings.Cut(name[strings.LastIndex(name, "/")+1:], ":")
	if !ok || tag == "latest" || !strings.ContainsAny(tag, "0123456789") {
		fault("base image %q is not pinned to a version", name)
	}
}

func checkStage(stage instructions.Stage, last bool, fault func(string, ...any)) {
	var user string
	var healthcheck, entrypoint bool
	for _, command := range stage.Commands {
		switch c := command.(type) {
		case *instructions.AddCommand:
			fault("ADD fetches and unpacks silently: use COPY")
		case *instructions.MaintainerCommand:
			fault("MAINTAINER is deprecated: use a label")
		case *instructions.UserCommand:
			user = c.User
		case *instructions.WorkdirCommand:
			if !strings.HasPrefix(c.Path, "/") {
				fault("WORKDIR %q is relative", c.Path)
			}
		case *instructions.RunCommand:
			checkRun(strings.Join(c.CmdLine, " "), fault)
		case *instructions.CmdCommand:
			if c.PrependShell {
				fault("CMD is not in exec form")
			}
		case *instructions.EntrypointCommand:
			entrypoint = true
			if c.PrependShell {
				fault("ENTRYPOINT is not in exec form: it would not see SIGTERM")
			}
		case *instructions.HealthCheckCommand:
			healthcheck = true
			if len(c.Health.Test) == 0 || c.Health.Test[0] != "CMD" {
				fault("HEALTHCHECK is not in exec form")
			}
		}
	}
	if !last {
		return
	}
	if name, _, _ := strings.Cut(user, ":"); name == "" || name == "root" || name == "0" {
		fault("the image runs as root")
	}
	if !healthcheck {
		fault("there is no HEALTHCHECK")
	}
	if !entrypoint {
		fault("there is no ENTRYPOINT")
	}
}

func checkRun(script string, fault func(string, ...any)) {
	for _, rule := range []struct{ text, why string }{
		{"sudo ", "sudo in RUN"},
		{"apt-get upgrade", "apt-get upgrade makes builds differ"},
		{"curl ", "what curl fetches is not pinned"},
		{"wget ", "what wget fetches is not pinned"},
	} {
		if strings.Contains(script, rule.text) {
			fault("%s", rule.why)
		}
	}
	if strings.Contains(script, "apt-get install") && !strings.Contains(script, "--no-install-recommends") {
		fault("apt-get install without --no-install-recommends")
	}
}
