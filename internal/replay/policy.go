package replay

import (
	"fmt"
	"strings"
)

// Policy says what happens to an event that cannot be used.
type Policy string

// Stop ends the replay with the event's error; Skip counts it and goes on; DeadLetter hands it over, with what is
// wrong with it, and goes on.
const (
	Stop       Policy = "stop"
	Skip       Policy = "skip"
	DeadLetter Policy = "dead-letter"
)

// ParsePolicy reads the name of a policy.
func ParsePolicy(name string) (Policy, error) {
	switch p := Policy(name); p {
	case Stop, Skip, DeadLetter:
		return p, nil
	}
	return "", fmt.Errorf("policy %q is none of %s", name, strings.Join([]string{string(Skip), string(Stop), string(DeadLetter)}, ", "))
}

// Rejected is an event that cannot be used.
type Rejected struct {
	File string
	Line int
	Raw  []byte // the line
	Err  error  // names file and line too
}
