package topology_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The types of edges and handles refuse the wrong key at compile time.
func TestWrongKeysDoNotCompile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dir, want string }{
		{"good", ""},
		{"wrongjoin", "does not match inferred type topology.Table[user, V]"},
		{"wrongemit", `as city value in argument to s.Emit`},
	} {
		t.Run(test.dir, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "vet", "./testdata/compile/"+test.dir).CombinedOutput()
			if test.want == "" {
				if err != nil {
					t.Fatalf("go vet: %v\n%s", err, out)
				}
				return
			}
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("go vet: %v\n%s\nwant %q", err, out, test.want)
			}
		})
	}
}
