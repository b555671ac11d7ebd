package machine

import (
	"runtime"
	"testing"
	"testing/fstest"
)

func files(pairs ...string) fstest.MapFS {
	root := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		root[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return root
}

func TestMemoryBelow(t *testing.T) {
	t.Parallel()
	const meminfo = "MemTotal:       24600000 kB\nMemFree:        1 kB\n"
	const whole = 24600000 << 10
	for _, test := range []struct {
		name string
		root fstest.MapFS
		want int64
	}{
		{"no Linux", files(), Assumed},
		{"no container", files("proc/meminfo", meminfo), whole},
		{"no limit", files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/a\n", "sys/fs/cgroup/a/memory.max", "max\n"), whole},
		{"a container", files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/a\n", "sys/fs/cgroup/a/memory.max", "1073741824\n"), 1 << 30},
		{"its own hierarchy", files("proc/meminfo", meminfo, "proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "1073741824\n"), 1 << 30},
		{"throttled before it is killed", files(
			"proc/self/cgroup", "0::/a\n", "sys/fs/cgroup/a/memory.max", "1073741824\n", "sys/fs/cgroup/a/memory.high", "536870912\n"), 512 << 20},
		{"limited above", files(
			"proc/self/cgroup", "0::/a/b/c\n", "sys/fs/cgroup/a/b/c/memory.max", "max\n", "sys/fs/cgroup/a/b/memory.max", "1073741824\n",
			"sys/fs/cgroup/a/memory.high", "268435456\n"), 256 << 20},
		{"limited to more than there is", files(
			"proc/meminfo", meminfo, "proc/self/cgroup", "0::/a\n", "sys/fs/cgroup/a/memory.max", "9223372036854771712\n"), whole},
		{"outside of the namespace", files("proc/self/cgroup", "0::/../../b\n", "sys/fs/cgroup/b/memory.max", "1073741824\n"), 1 << 30},
		{"version 1", files(
			"proc/meminfo", meminfo, "proc/self/cgroup", "4:cpu,memory:/a/b\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n", "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n"), 1 << 30},
		{"not understood", files(
			"proc/meminfo", "MemTotal: lots\nMemTotal:\n", "proc/self/cgroup", "nonsense\n0::\n", "sys/fs/cgroup/memory.max", "-5\n"), Assumed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := memoryBelow(test.root); got != test.want {
				t.Errorf("%d bytes, want %d", got, test.want)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	got := Memory()
	if got < 16<<20 || got > 1<<50 || runtime.GOOS != "linux" && got != Assumed {
		t.Errorf("%d bytes", got)
	}
}

func FuzzMemoryBelow(f *testing.F) {
	f.Add("MemTotal: 5 kB\n", "0::/a/b\n", "max\n")
	f.Fuzz(func(t *testing.T, meminfo, cgroup, limit string) {
		root := files("proc/meminfo", meminfo, "proc/self/cgroup", cgroup, "sys/fs/cgroup/memory.max", limit)
		if got := memoryBelow(root); got <= 0 {
			t.Errorf("%d bytes", got)
		}
	})
}
