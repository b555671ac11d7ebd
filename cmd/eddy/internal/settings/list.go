package settings

import (
	"fmt"
	"strings"
	"time"

	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"

	"github.com/eddystream/eddy/topology"
)

// Entry is one setting.
type Entry struct {
	Key      string `json:"key"`
	Variable string `json:"variable"` // its name in the environment; empty: it follows from others
	Value    any    `json:"value"`
}

// List returns every setting, sorted by key. Durations are text, and a password is not shown.
func List(s Settings) []Entry {
	ko := koanf.New(".")
	if err := ko.Load(structs.Provider(s, "koanf"), nil); err != nil {
		panic(fmt.Sprintf("settings: %v", err)) // of a struct, not of its values
	}
	var entries []Entry
	for _, key := range ko.Keys() {
		value := ko.Get(key)
		if d, ok := value.(time.Duration); ok {
			value = d.String()
		}
		if strings.HasSuffix(key, ".password") && value != "" {
			value = "(set)"
		}
		entries = append(entries, Entry{Key: key, Variable: Variable(key), Value: value})
	}
	return entries
}

// ListPlan returns how the memory is divided, in the order in which that is done.
func ListPlan(p topology.MemoryPlan) []Entry {
	parts := []struct {
		name  string
		bytes int64
	}{
		{"total", p.Total},
		{"runtime", p.Runtime},
		{"block-cache", p.BlockCache},
		{"memtables", p.Memtables},
		{"rows", p.Rows},
		{"fetched", p.Fetched},
		{"sending", p.Sending},
		{"batches", p.Batches},
		{"garbage", p.Garbage},
		{"go-limit", p.GoLimit()},
	}
	entries := make([]Entry, len(parts))
	for i, part := range parts {
		size := Size(part.bytes)
		if size > 1<<20 {
			size &^= 1<<20 - 1 // whole mebibytes are exact enough to read
		}
		entries[i] = Entry{Key: "memory-plan." + part.name, Value: size}
	}
	return entries
}
