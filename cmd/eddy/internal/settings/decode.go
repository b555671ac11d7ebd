package settings

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

// decoder turns what a layer holds into the types of Settings: text from the environment becomes a
// number, a truth value, a duration or, split at commas, a list.
func decoder() *mapstructure.DecoderConfig {
	return &mapstructure.DecoderConfig{
		TagName:          "koanf",
		WeaklyTypedInput: true,
		ErrorUnused:      true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(),
			readSize,
			splitList,
		),
	}
}

// check reports values of a layer, by key, that are not of their setting's type. It says where they are and not what, for one may be a password.
func check(values map[string]any, place func(key string) string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		layer := koanf.New(".")
		if err := layer.Load(confmap.Provider(map[string]any{key: values[key]}, "."), nil); err != nil {
			return err // of no value: the key's
		}
		var s Settings
		if layer.UnmarshalWithConf("", &s, koanf.UnmarshalConf{DecoderConfig: decoder()}) != nil {
			errs = append(errs, fmt.Errorf("%s: %s", place(key), wanted(key)))
		}
	}
	return errors.Join(errs...)
}

// wanted says what a setting takes.
func wanted(key string) string {
	defaults := koanf.New(".")
	_ = defaults.Load(structs.Provider(Settings{}, "koanf"), nil) // of a struct: there is no error
	switch defaults.Get(key).(type) {
	case int:
		return "is to be a whole number"
	case bool:
		return "is to be true or false"
	case time.Duration:
		return "is to be a duration, such as 10s or 24h"
	case Size:
		return "is to be a size, such as 512MiB, 2GiB or 1.5GB"
	case []string:
		return "is to be a list of texts"
	}
	return "is to be a text"
}

// readSize reads a size that is text. What is set to nothing is not set.
func readSize(from, to reflect.Type, data any) (any, error) {
	text, ok := data.(string)
	if !ok || to != reflect.TypeFor[Size]() {
		return data, nil
	}
	if text == "" {
		return Size(0), nil
	}
	return ParseSize(text)
}

func splitList(from, to reflect.Type, data any) (any, error) {
	text, ok := data.(string)
	if !ok || to.Kind() != reflect.Slice {
		return data, nil
	}
	list := []string{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list, nil
}
