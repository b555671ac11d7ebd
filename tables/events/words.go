package events

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/eddystream/eddy/codecs"
)

// noObject says what a text is that is no JSON object, if it is something that people send by mistake; nil if it may be one.
func noObject(data []byte) error {
	text := bytes.TrimLeft(data, " \t\r\n")
	for _, e := range foreignEncodings {
		if bytes.HasPrefix(text, []byte(e.begin)) {
			return fmt.Errorf("%w: %s", ErrEncoding, e.says)
		}
	}
	return nil
}

// inWords is the error of a field whose JSON is of another type, in the words of who writes events and not of who reads them here.
func inWords(err error) error {
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok || e.JSONPointer == "" || e.GoType == nil {
		return err
	}
	var want, have string
	switch e.GoType.Kind() { //nolint:exhaustive // those that events have
	case reflect.Int64:
		want = "a whole number below 2^63"
	case reflect.Int32:
		want = "a whole number below 2^31"
	case reflect.String:
		want = "a text"
	case reflect.Bool:
		want = "true or false"
	case reflect.Slice:
		want = "a list"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		want = "an object"
	default:
		return err
	}
	switch e.JSONKind {
	case '0':
		if have = "a number"; len(e.JSONValue) > 0 {
			have = codecs.Cut(string(e.JSONValue), 100)
		}
	case '"':
		have = "a text"
	case '{':
		have = "an object"
	case '[':
		have = "a list"
	case 't', 'f':
		have = "true or false"
	case 'n':
		have = "null"
	default:
		return err
	}
	field := strings.ReplaceAll(strings.TrimPrefix(string(e.JSONPointer), "/"), "/", ".")
	return fmt.Errorf("%w: %s is %s, not %s", ErrField, codecs.Cut(field, 200), have, want)
}
