// Package machine says what the process has to live on.
package machine

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// Assumed is the memory of a machine that cannot be asked: of an operating system other than Linux.
const Assumed int64 = 4 << 30

// Memory returns the bytes that the process may use: those of its container, or of the machine where that has less or there is no container.
// On Linux it reads /proc/meminfo and the limits of the control groups, which are nested: the least of all counts. Elsewhere it is [Assumed].
func Memory() int64 { return memoryBelow(os.DirFS("/")) }

// memoryBelow reads the files of a root folder.
func memoryBelow(root fs.FS) int64 {
	least := min(machine(root), unified(root), split(root))
	if least == math.MaxInt64 {
		return Assumed
	}
	return least
}

// machine is the memory of the whole machine. A file that is absent, or not as expected, limits nothing; so below.
func machine(root fs.FS) int64 {
	data, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return math.MaxInt64
	}
	for line := range bytes.Lines(data) {
		fields := strings.Fields(string(line))
		if len(fields) < 2 || fields[0] != "MemTotal:" {
			continue
		}
		if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil && kib > 0 && kib < math.MaxInt64>>10 {
			return kib << 10
		}
	}
	return math.MaxInt64
}

// unified is the limit by control groups of version 2: memory.max is where the kernel kills, memory.high where it throttles.
func unified(root fs.FS) int64 {
	return least(root, "sys/fs/cgroup", group(root, func(controllers string) bool { return controllers == "" }), "memory.max", "memory.high")
}

// split is the limit by control groups of version 1, where memory has a hierarchy of its own.
func split(root fs.FS) int64 {
	named := func(controllers string) bool { return strings.Contains(","+controllers+",", ",memory,") }
	return least(root, "sys/fs/cgroup/memory", group(root, named), "memory.limit_in_bytes")
}

// group is the path of the process's group in the hierarchy with the controllers that are wanted, "/" where it is not known: in a container
// the files of its own group are often at the top.
func group(root fs.FS, wanted func(controllers string) bool) string {
	f, err := root.Open("proc/self/cgroup")
	if err != nil {
		return "/"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// number:controllers:path
		if part := strings.SplitN(lines.Text(), ":", 3); len(part) == 3 && wanted(part[1]) {
			return path.Clean("/" + part[2])
		}
	}
	return "/"
}

// least is the least limit in the files of a group and of all above it.
func least(root fs.FS, mount, group string, files ...string) int64 {
	limit := int64(math.MaxInt64)
	for {
		for _, file := range files {
			data, err := fs.ReadFile(root, path.Join(mount, group, file))
			if err != nil {
				continue
			}
			// "max" is no number, and no limit.
			if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && n > 0 {
				limit = min(limit, n)
			}
		}
		if group == "/" {
			return limit
		}
		group = path.Dir(group)
	}
}
