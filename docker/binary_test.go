package docker_test

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/eddystream/eddy"

// goCommand runs go in the project's root for the image's platform.
func goCommand(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// imported returns the top folders of the packages that the binary is made of.
func imported(t *testing.T) []string {
	t.Helper()
	var folders []string
	for line := range strings.Lines(goCommand(t, "list", "-deps", "./cmd/eddy")) {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), module+"/")
		if !ok {
			continue
		}
		if folder, _, _ := strings.Cut(path, "/"); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if len(folders) == 0 {
		t.Fatal("go list names no package of the project")
	}
	return folders
}

// folder holds what the tests build.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "eddy-docker"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

var building sync.Mutex

// binary builds eddy as the image does, once, and returns its path.
func binary(t *testing.T) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	path := filepath.Join(folder, "eddy")
	if _, err := os.Stat(path); err != nil {
		goCommand(t, "build", "-trimpath", "-buildvcs=false", "-o", path, "./cmd/eddy")
	}
	return path
}

// The image has no C library: the binary must not ask for one, nor for a loader.
func TestBinaryIsStatic(t *testing.T) {
	t.Parallel()
	path := binary(t)
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP {
			t.Error("the binary wants a loader")
		}
	}
	libraries, err := file.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	if len(libraries) > 0 {
		t.Errorf("the binary wants %q", libraries)
	}
	if out, err := exec.CommandContext(t.Context(), path, "version").CombinedOutput(); err != nil {
		t.Errorf("eddy version: %v\n%s", err, out)
	}
}
