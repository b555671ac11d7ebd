package kafka

import (
	"context"
	"os/exec"
	"path/filepath"
)

// Tool returns a command that runs one of Kafka's own tools, by the name of its class, such as org.apache.kafka.tools.ConsoleProducer.
func Tool(ctx context.Context, class string, args ...string) (*exec.Cmd, error) {
	path, err := java()
	if err != nil {
		return nil, err
	}
	dir, err := jars(ctx)
	if err != nil {
		return nil, err
	}
	args = append([]string{"-cp", filepath.Join(dir, "*"), "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xmx128m", class}, args...)
	return exec.CommandContext(ctx, path, args...), nil //nolint:gosec // the machine's Java
}
