package cluster

import (
	"reflect"
	"testing"
)

func TestSettingsProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settings Settings
		problems int
	}{
		{Settings{Brokers: []string{"a:1", "[::1]:2"}}, 0},
		{Settings{}, 1},
		{Settings{Brokers: []string{"a", "b:"}}, 2},
		{Settings{Brokers: []string{"a:1"}, SASL: &SASL{}}, 3},
		{Settings{Brokers: []string{"a:1"}, SASL: &SASL{Mechanism: Plain, User: "u", Password: "p"}}, 0},
	} {
		if got := c.settings.Problems(); len(got) != c.problems {
			t.Errorf("%+v: %v, want %d problems", c.settings, got, c.problems)
		}
	}
	if _, err := Open(Settings{}); err == nil {
		t.Error("a client without brokers was opened")
	}
	if !reflect.DeepEqual(Settings{}.WithDefaults().Brokers, []string(nil)) {
		t.Error("brokers have a default")
	}
}
