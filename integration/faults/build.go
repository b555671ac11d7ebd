//go:build unix

package faults

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build builds the commands into a folder, with the hook for crashes, and with the race detector where that is asked for.
func Build(ctx context.Context, dir string, race bool) (Config, error) {
	cfg := Config{Eddy: filepath.Join(dir, "eddy"), Counter: filepath.Join(dir, "counter")}
	for path, pkg := range map[string]string{cfg.Eddy: "cmd/eddy", cfg.Counter: "integration/faults/cmd/counter"} {
		args := []string{"build", "-buildvcs=false", "-tags", "kafka", "-o", path}
		if race {
			args = append(args, "-race")
		}
		cmd := exec.CommandContext(ctx, "go", append(args, "github.com/eddystream/eddy/"+pkg)...) //nolint:gosec // our own commands
		if out, err := cmd.CombinedOutput(); err != nil {
			return cfg, fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	return cfg, nil
}
