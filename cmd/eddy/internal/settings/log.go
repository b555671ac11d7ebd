package settings

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Log says what is logged, on standard error.
type Log struct {
	// Level is debug, info, warn or error. Defaults to info.
	Level string `koanf:"level"`
	// Format is text or json. Defaults to text.
	Format string `koanf:"format"`
}

// JSON reports whether the log is in JSON.
func (l Log) JSON() bool { return strings.ToLower(l.Format) == "json" }

// Logger returns a logger that writes to w.
func (l Log) Logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %q is none of debug, info, warn, error", l.Level)
	}
	opts := &slog.HandlerOptions{Level: level}
	switch strings.ToLower(l.Format) {
	case "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("log.format: %q is neither text nor json", l.Format)
}
