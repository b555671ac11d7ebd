package cluster

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// The kinds of resources that rights are given for.
const (
	Topic           = "topic"
	Group           = "group"
	TransactionalID = "transactional id"
)

// Denied says which right is missing if err is the broker's answer to somebody who lacks one of a resource of that kind, or one of the
// cluster; any other error is returned as it is, and one that says so already.
func Denied(err error, kind, name, right string) error {
	var known *DeniedError
	if err == nil || errors.As(err, &known) {
		return err
	}
	for _, k := range []struct {
		err  *kerr.Error
		kind string
	}{
		{kerr.TopicAuthorizationFailed, Topic}, {kerr.GroupAuthorizationFailed, Group}, {kerr.TransactionalIDAuthorizationFailed, TransactionalID},
	} {
		if k.kind == kind && errors.Is(err, k.err) {
			return &DeniedError{Kind: kind, Name: name, Right: right, Err: err}
		}
	}
	if errors.Is(err, kerr.ClusterAuthorizationFailed) {
		return &DeniedError{Kind: "cluster", Right: right, Err: err}
	}
	return err
}

// DeniedError is a right that is missing.
type DeniedError struct {
	Kind  string // of the resource
	Name  string // empty: not known
	Right string // as Kafka's lists of rights call it
	Err   error
}

// Error implements error.
func (e *DeniedError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("the right %s of a %s is missing: %v", e.Right, e.Kind, e.Err)
	}
	return fmt.Sprintf("the right %s of %s %q is missing: %v", e.Right, e.Kind, e.Name, e.Err)
}

// Unwrap returns the broker's answer.
func (e *DeniedError) Unwrap() error { return e.Err }

// Permanent reports whether trying again does not help: a right is missing, the brokers do not know the request or the user, a name is none,
// a transaction hangs.
// That a topic does not exist may pass, if it was just made; [ErrNoTopic] is for whoever has waited.
func Permanent(err error) bool {
	for _, target := range []error{
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed,
		kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState, kerr.UnsupportedVersion, kerr.UnsupportedForMessageFormat,
		kerr.InvalidTopicException, kerr.InvalidGroupID, kerr.SecurityDisabled, ErrHangs,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
