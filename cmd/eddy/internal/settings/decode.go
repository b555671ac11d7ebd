package settings

import (
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
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
