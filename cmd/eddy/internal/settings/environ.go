package settings

import (
	"errors"
	"fmt"
	"strings"
)

const environPrefix = "EDDY_"

// Variables with the prefix that are no settings.
const (
	environConfig = "EDDY_CONFIG"   // the configuration file
	environData   = "EDDY_DATA"     // where the tests find their data
	environCrash  = "EDDY_CRASH_AT" // where a command that was built for tests of faults kills itself
)

// Variable returns the environment's name of a key.
func Variable(key string) string {
	return environPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// readEnviron returns the settings of an environment by key and the configuration file it names. A
// variable that is set to nothing counts as not set.
func readEnviron(environ, known []string) (values map[string]any, configFile string, err error) {
	keys := make(map[string]string, len(known))
	for _, key := range known {
		keys[Variable(key)] = key
	}
	values = map[string]any{}
	var errs []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, environPrefix) || value == "" || name == environData || name == environCrash {
			continue
		}
		if name == environConfig {
			configFile = value
			continue
		}
		key, ok := keys[name]
		if !ok {
			errs = append(errs, fmt.Errorf("environment: unknown variable %q", name))
			continue
		}
		values[key] = value
	}
	return values, configFile, errors.Join(errs...)
}
