//go:build mutants

package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// mutantSeeds is how many scenarios of a play are to find a mutant.
const mutantSeeds = 300

const without = `package tables

import "os"

// Without reports whether a rule is taken from the pipeline.
func Without(rule string) bool { return rule == missing }

var missing = os.Getenv("EDDY_TEST_WITHOUT")
`

// Each rule has a pipeline without it, which the scenarios find: `make mutants`.
func TestInvariantsFindSourceMutants(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	replace := map[string]string{}
	put := func(path, source string) {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		replace[abs] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(replace[abs], []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, source := range mutated(t) {
		put(path, source)
	}
	put(filepath.Join("..", "tables", "without.go"), without)
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "integration.test")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", file, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	play := func(t *testing.T, rule, play string, seeds int) (found string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, "-test.run", "TestInvariants$/^("+play+")$", "-test.v", "-oracle.shrink", "0", "-oracle.seeds", strconv.Itoa(seeds))
		cmd.Env = append(os.Environ(), "EDDY_TEST_WITHOUT="+rule)
		out, err := cmd.CombinedOutput()
		switch m := invariant.FindSubmatch(out); {
		case err == nil && bytes.Contains(out, []byte("--- PASS: TestInvariants/")):
			return ""
		case m != nil:
			return fmt.Sprintf("seed %s: %s", m[1], m[2])
		}
		t.Fatalf("%v\n%s", err, out)
		return ""
	}
	t.Run("none", func(t *testing.T) {
		if found := play(t, "none", "complete_lost", 5); found != "" {
			t.Error(found)
		}
	})
	for _, m := range sourceMutants {
		t.Run(m.rule, func(t *testing.T) {
			found := play(t, m.rule, m.play, mutantSeeds)
			if found == "" {
				t.Fatalf("%d scenarios do not find it", mutantSeeds)
			}
			t.Logf("found by %s", found)
		})
	}
}

var invariant = regexp.MustCompile(`-oracle.seed=([0-9]+)\n\s*([a-z]+):`)
