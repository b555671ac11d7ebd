package settings

import (
	"errors"
	"fmt"
	"regexp"
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

// What Kubernetes tells each pod about a Service whose name begins as the program's does: EDDY_SERVICE_HOST, EDDY_WORKER_SERVICE_PORT_HTTP,
// EDDY_PORT_80_TCP_ADDR. A port by itself is a URL.
var (
	serviceVariable = regexp.MustCompile(`^EDDY_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
	servicePort     = regexp.MustCompile(`^EDDY_(\w+_)?PORT=(tcp|udp|sctp)://`)
)

// ofService reports whether a variable is one that nobody has set: Kubernetes has.
func ofService(name, value string) bool {
	return serviceVariable.MatchString(name) || servicePort.MatchString(name+"="+value)
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
		if !ok && ofService(name, value) {
			continue
		}
		if !ok {
			errs = append(errs, fmt.Errorf("environment: unknown variable %q", name))
			continue
		}
		values[key] = value
	}
	return values, configFile, errors.Join(errs...)
}
