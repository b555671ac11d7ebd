package settings

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

var update = flag.Bool("update", false, "write the sample of the settings")

// The sample in the documentation is of these settings.
func TestSampleIsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "..", "doc", "eddy.yaml")
	if *update {
		if err := os.WriteFile(path, []byte(Sample()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != Sample() {
		t.Errorf("%s is not what 'eddy settings --sample' prints: go test ./cmd/eddy/internal/settings -update", path)
	}
}

// The sample sets nothing, and whatever a reader makes a setting of it can be read, with the default where there is one.
func TestSample(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(Sample()) {
		if len(strings.TrimRight(line, "\n")) > sampleWidth {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	s, err := Load(Sources{File: file(t, Sample())})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, Default()) {
		t.Errorf("the sample as it is sets something: %+v", s)
	}
	whole := regexp.MustCompile(`(?m)^#(\s*[\w-]+:( .*)?)$`).ReplaceAllString(Sample(), "$1")
	s, err = Load(Sources{File: file(t, whole)})
	if err != nil {
		t.Fatalf("%v in\n%s", err, whole)
	}
	set, defaults := koanf.New("."), koanf.New(".")
	if err := set.Load(structs.Provider(s, "koanf"), nil); err != nil {
		t.Fatal(err)
	}
	if err := defaults.Load(structs.Provider(Default(), "koanf"), nil); err != nil {
		t.Fatal(err)
	}
	for _, key := range defaults.Keys() {
		_, exemplified := examples[key]
		if same := reflect.DeepEqual(set.Get(key), defaults.Get(key)); same == exemplified && key != "dead-letter-topic" {
			t.Errorf("%s: %v, where the default is %v", key, set.Get(key), defaults.Get(key))
		}
	}
}

// Something is said of every setting, and of nothing else; of a number or a time that is 0 it is said what that stands for.
func TestAbouts(t *testing.T) {
	t.Parallel()
	ko := koanf.New(".")
	if err := ko.Load(structs.Provider(Default(), "koanf"), nil); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, a := range abouts {
		said = append(said, a.key)
		value := reflect.ValueOf(ko.Get(a.key))
		if value.IsValid() && value.IsZero() && value.Kind() != reflect.Bool && a.unset == "" && a.key != "commit.interval" {
			t.Errorf("%s: what does %v stand for?", a.key, ko.Get(a.key))
		}
	}
	slices.Sort(said)
	if keys := ko.Keys(); !slices.Equal(said, keys) {
		t.Errorf("said of %q\nof settings %q", said, keys)
	}
}
