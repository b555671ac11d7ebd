package settings

import (
	"os"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Given reports whether a source sets a key, be it to the default. It is of sources that can be loaded.
func Given(src Sources, key string) bool {
	given := false
	if src.Flags != nil {
		src.Flags.Visit(func(f *pflag.Flag) { given = given || keyOfFlag(f) == key })
	}
	values, file, _ := readEnviron(src.Environ, []string{key}) // of others it says that it does not know them
	if _, ok := values[key]; ok || given {
		return true
	}
	if src.File != "" {
		file = src.File
	}
	if file == "" {
		return false
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	parsed, err := parseYAML(file, data)
	if err != nil {
		return false
	}
	layer := koanf.New(".")
	return layer.Load(confmap.Provider(parsed, ""), nil) == nil && layer.Exists(key)
}
