package settings

import (
	"fmt"
	"reflect"
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
	Unset    string `json:"unset,omitempty"` // what is done while the value is none
}

// List returns every setting, sorted by key, with the value that is in effect, or what is done without one. Durations are text, and a password is not
// shown. The plan is of the same settings.
func List(s Settings, plan topology.MemoryPlan) []Entry {
	ko := koanf.New(".")
	if err := ko.Load(structs.Provider(s, "koanf"), nil); err != nil {
		panic(fmt.Sprintf("settings: %v", err)) // of a struct, not of its values
	}
	divided := map[string]int64{"memory": plan.Total, "store-cache": plan.BlockCache, "cache-bytes": plan.Rows, "send-buffer": plan.Sending}
	var entries []Entry
	for _, key := range ko.Keys() {
		value := ko.Get(key)
		if bytes, ok := divided[key]; ok && value == Size(0) {
			value = whole(bytes)
		}
		if d, ok := value.(time.Duration); ok {
			value = d.String()
		}
		if strings.HasSuffix(key, ".password") && value != "" {
			value = "(set)"
		}
		e := Entry{Key: key, Variable: Variable(key), Value: value}
		if v := reflect.ValueOf(value); v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
			e.Unset = aboutOf(key).unset
		}
		entries = append(entries, e)
	}
	return entries
}

// whole is a size in whole mebibytes, which are exact enough to read.
func whole(bytes int64) Size {
	size := Size(bytes)
	if size > 1<<20 {
		size &^= 1<<20 - 1
	}
	return size
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
		entries[i] = Entry{Key: "memory-plan." + part.name, Value: whole(part.bytes)}
	}
	return entries
}
