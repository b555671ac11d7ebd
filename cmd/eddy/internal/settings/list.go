package settings

import (
	"fmt"
	"time"

	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

// Entry is one setting.
type Entry struct {
	Key      string `json:"key"`
	Variable string `json:"variable"` // its name in the environment
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
		if key == "sasl.password" && value != "" {
			value = "(set)"
		}
		entries = append(entries, Entry{Key: key, Variable: Variable(key), Value: value})
	}
	return entries
}
