package kafka

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestJarsNeedMavenOnce(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("PATH", t.TempDir())
	t.Setenv(JarsVariable, "")
	_, err := jars(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Maven is needed once") || !strings.Contains(err.Error(), JarsVariable) {
		t.Errorf("error %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "*")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
