package settings

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Sources are the layers over the defaults, the least important first.
type Sources struct {
	// File is the path of a YAML file; empty: the environment's EDDY_CONFIG, or none.
	File string
	// Environ is the environment, KEY=value.
	Environ []string
	// Flags are the flags of a command, bound by this package; nil: none.
	Flags *pflag.FlagSet
	// Quiet makes warnings the default level of the log.
	Quiet bool
}

// Load layers the sources. It reports every unknown key of a layer at once.
func Load(src Sources) (Settings, error) {
	ko := koanf.New(".")
	defaults := Default()
	if src.Quiet {
		defaults.Log.Level = "warn"
	}
	if err := ko.Load(structs.Provider(defaults, "koanf"), nil); err != nil {
		return Settings{}, fmt.Errorf("defaults: %w", err)
	}
	known := ko.Keys()

	environ, configFile, err := readEnviron(src.Environ, known)
	if err == nil {
		err = check(environ, Variable)
	}
	if err != nil {
		return Settings{}, err
	}
	if src.File == "" {
		src.File = configFile
	}
	if src.File != "" {
		if err := loadFile(ko, src.File, known); err != nil {
			return Settings{}, err
		}
	}
	if err := ko.Load(confmap.Provider(environ, "."), nil); err != nil {
		return Settings{}, fmt.Errorf("environment: %w", err)
	}
	if src.Flags != nil {
		bound := posflag.ProviderWithFlag(src.Flags, ".", ko, func(f *pflag.Flag) (string, any) {
			return keyOfFlag(f), posflag.FlagVal(src.Flags, f)
		})
		if err := ko.Load(bound, nil); err != nil {
			return Settings{}, fmt.Errorf("flags: %w", err)
		}
	}
	var s Settings
	if err := ko.UnmarshalWithConf("", &s, koanf.UnmarshalConf{DecoderConfig: decoder()}); err != nil {
		return Settings{}, fmt.Errorf("settings: %w", err)
	}
	return s, s.validate()
}

func loadFile(ko *koanf.Koanf, path string, known []string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	values, err := parseYAML(path, data)
	if err != nil {
		return err
	}
	layer := koanf.New(".")
	if err := layer.Load(confmap.Provider(values, ""), nil); err != nil {
		return fmt.Errorf("configuration file %q: %w", path, err)
	}
	var errs []error
	for _, key := range layer.Keys() {
		if above, ok := below(known, key); ok { // what stands there is no key, and may be a password
			errs = append(errs, fmt.Errorf("%s:%d: %s: %s", path, lineOf(data, above), above, wanted(above)))
		} else if !slices.Contains(known, key) {
			errs = append(errs, fmt.Errorf("%s:%d: unknown key %q", path, lineOf(data, key), key))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	place := func(key string) string { return fmt.Sprintf("%s:%d: %s", path, lineOf(data, key), key) }
	if err := check(layer.All(), place); err != nil {
		return err
	}
	return ko.Merge(layer)
}

// below returns the setting that is taken for a map of settings.
func below(known []string, key string) (string, bool) {
	i := slices.IndexFunc(known, func(k string) bool { return strings.HasPrefix(key, k+".") })
	if i < 0 {
		return "", false
	}
	return known[i], true
}
