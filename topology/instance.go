package topology

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// instance is the id by which the groups know this process again after a restart, and whether it is to be a static member under it: the one
// that is set; or one that is made once and kept beside the local store, whose lock this process holds; or, without a store on disk,
// one for this run.
func (c Config) instance(name string) (id string, static bool, err error) {
	if c.InstanceID != "" {
		return c.InstanceID, true, nil
	}
	if c.InMemory {
		return newInstance(), false, nil
	}
	file := filepath.Join(c.DataDir, name+instanceSuffix)
	data, err := os.ReadFile(file)
	if err == nil {
		if id := strings.TrimSpace(string(data)); id != "" {
			return id, true, nil
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("instance id: %w", err)
	}
	id = newInstance()
	if err := os.WriteFile(file+newSuffix, []byte(id+"\n"), 0o600); err != nil {
		return "", false, fmt.Errorf("instance id: %w", err)
	}
	if err := os.Rename(file+newSuffix, file); err != nil {
		return "", false, fmt.Errorf("instance id: %w", err)
	}
	return id, true, nil
}

// newSuffix is that of a file that is being written.
const newSuffix = ".new"

// newInstance makes an id: the host's name, for whoever reads a list of members, and what makes it unique.
func newInstance() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "eddy"
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return host + "-" + hex.EncodeToString(random[:])
}
