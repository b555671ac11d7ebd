package topology

import (
	"errors"
	"fmt"
	"strings"
)

// maxName is Kafka's limit for the name of a topic.
const maxName = 249

// checkName says what Kafka has against a name.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("is empty")
	case name == "." || name == "..":
		return errors.New("is not a legal name")
	case len(name) > maxName:
		return fmt.Errorf("has %d characters, more than %d", len(name), maxName)
	}
	for _, c := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", c) {
			return fmt.Errorf("has the character %q; letters, digits, '.', '_' and '-' are legal", c)
		}
	}
	return nil
}

// checkPart says what is wrong with the name of a topology or a processor. See [join].
func checkPart(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if partedByDashes(name) {
		return errDashes
	}
	return nil
}

var errDashes = errors.New(`begins or ends with "-", or has "--", which parts the names of topologies and processors`)

func partedByDashes(name string) bool {
	return strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-") || strings.Contains(name, "--")
}

// instanceSuffix is that of the file with the instance id of a topology, beside the topology's folder.
const instanceSuffix = ".instance"

// checkFolder says why the name of a topology cannot be that of a folder among those of others.
func checkFolder(name string) error {
	for _, reserved := range []string{instanceSuffix, instanceSuffix + newSuffix} {
		if strings.HasSuffix(name, reserved) {
			return fmt.Errorf("ends with %q, as the file beside the folder of another topology does", reserved)
		}
	}
	return nil
}

// join joins the names of a topology and of something of it, such that no two pairs of names give the same. (The names of stores and timers
// follow behind a "-", and have none of these either.) Neither has "--" in it or "-" at an
// end. So what is joined by "--" is parted there; and what is joined by "-" has no "--", and is parted at the first "-", for
// the topology's name has none.
func join(topology, name string) string {
	if strings.Contains(topology, "-") {
		return topology + "--" + name
	}
	return topology + "-" + name
}

// validateMetricNames reports topics that Kafka does not tell apart: it replaces '.' by '_' in the names of metrics, and refuses to
// create a topic whose name is then another's.
func (b *Builder) validateMetricNames() {
	first := map[string]string{}
	for _, p := range b.processors {
		for _, e := range p.edges {
			name := e.topic.Name
			metric := strings.ReplaceAll(name, ".", "_")
			other, known := first[metric]
			switch {
			case !known:
				first[metric] = name
			case other != name:
				p.problemf(name, "of its %s and topic %q differ only in '.' and '_', which Kafka does not tell apart", e.role, other)
			}
		}
	}
}
