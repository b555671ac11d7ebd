package topology

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func instanceOf(t *testing.T, c Config, name string) string {
	t.Helper()
	id, static, err := c.instance(name)
	if err != nil || id == "" || !static {
		t.Fatalf("instance %q, static %t, %v", id, static, err)
	}
	return id
}

func TestInstanceIsThatOfTheFolder(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: t.TempDir()}
	first := instanceOf(t, c, "shop")
	if again := instanceOf(t, c, "shop"); again != first {
		t.Errorf("after a restart it is %q, was %q", again, first)
	}
	if other := instanceOf(t, c, "bank"); other == first {
		t.Errorf("two topologies of one folder, which are two processes, are both %q", other)
	}
	if other := instanceOf(t, Config{DataDir: t.TempDir()}, "shop"); other == first {
		t.Errorf("two folders are both %q", other)
	}
	left, err := filepath.Glob(filepath.Join(c.DataDir, "*.new"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestInstanceThatIsSet(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: t.TempDir(), InstanceID: "worker-7"}
	if id := instanceOf(t, c, "shop"); id != "worker-7" {
		t.Errorf("it is %q", id)
	}
	c.InMemory = true
	if id := instanceOf(t, c, "shop"); id != "worker-7" {
		t.Errorf("in memory it is %q", id)
	}
	c.InMemory, c.InstanceID = false, ""
	if id := instanceOf(t, c, "shop"); id == "worker-7" {
		t.Error("an id that was set is kept for a start at which none is")
	}
}

// In memory there is nothing that a restart could find again: a process is another member each time, and no static one.
func TestInstanceInMemory(t *testing.T) {
	t.Parallel()
	c := Config{InMemory: true, DataDir: t.TempDir()}
	seen := map[string]bool{}
	for range 3 {
		id, static, err := c.instance("shop")
		if id == "" || seen[id] || static || err != nil {
			t.Errorf("instance %q, static %t, %v; before: %v", id, static, err, seen)
		}
		seen[id] = true
	}
	if entries, err := os.ReadDir(c.DataDir); err != nil || len(entries) > 0 {
		t.Errorf("it wrote %v, %v", entries, err)
	}
}

// A file that a crash left empty is as none.
func TestInstanceFileIsEmpty(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(c.DataDir, "shop.instance"), []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if id := instanceOf(t, c, "shop"); id != instanceOf(t, c, "shop") {
		t.Error("it is another one after a restart")
	}
}

func TestInstanceFileIsUnreadable(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: t.TempDir()}
	file := filepath.Join(c.DataDir, "shop.instance")
	if err := os.Mkdir(file, 0o700); err != nil { // as root everything can be read, but not that
		t.Fatal(err)
	}
	if id, _, err := c.instance("shop"); err == nil || !strings.Contains(err.Error(), "instance id") || !strings.Contains(err.Error(), file) {
		t.Errorf("instance %q, %v", id, err)
	}
}

func TestInstanceCannotBeWritten(t *testing.T) {
	t.Parallel()
	c := Config{DataDir: filepath.Join(t.TempDir(), "gone")}
	if id, _, err := c.instance("shop"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), c.DataDir) {
		t.Errorf("instance %q, %v", id, err)
	}
}
