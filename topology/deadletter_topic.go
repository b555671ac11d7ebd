package topology

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/eddystream/eddy/topology/internal/deadletter"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// deadLetterTopic is the topic of a topology's dead letters.
func (c Config) deadLetterTopic(topology string) string {
	return cmp.Or(c.DeadLetterTopic, topology+"-dead-letters")
}

// policies are those that count for a processor.
func (c Config) policies(p *kernel.Processor) kernel.Policies {
	return c.OnErrors[p.Name].Or(p.OnError).Or(c.OnError)
}

// withDeadLetters is a topology with its topic of dead letters, if it has any.
func (c Config) withDeadLetters(t *kernel.Topology) *kernel.Topology {
	if !slices.ContainsFunc(t.Processors, func(p *kernel.Processor) bool { return c.policies(p).DeadLetters() }) {
		return t
	}
	with := *t
	with.DeadLetters = &kernel.Topic{
		Name: c.deadLetterTopic(t.Name), Retention: -1, MaxBytes: max(deadletter.MaxBytes, 2*c.withDefaults().MaxRecordBytes),
	}
	return &with
}

// checkDeadLetters wants the topic of dead letters to be none that a processor reads or writes.
func checkDeadLetters(t *kernel.Topology) error {
	if t.DeadLetters == nil {
		return nil
	}
	name := t.DeadLetters.Name
	for _, p := range t.Processors {
		tables := slices.Concat(p.OwnTables(), p.Joins, p.Lookups)
		if slices.ContainsFunc(p.Inputs, func(in *kernel.Input) bool { return in.Topic.Name == name }) ||
			slices.ContainsFunc(p.Outputs, func(out *kernel.Output) bool { return out.Topic.Name == name }) ||
			slices.ContainsFunc(tables, func(t *kernel.Table) bool { return t.Topic.Name == name }) ||
			p.Loop != nil && p.Loop.Topic.Name == name {
			return fmt.Errorf("dead letter topic: %q is a topic of processor %q", name, p.Name)
		}
	}
	return nil
}

// checkPolicies is what is wrong with the policies and the topic of dead letters.
func (c Config) checkPolicies() []error {
	var errs []error
	if c.DeadLetterTopic != "" {
		errs = append(errs, prefixed("dead letter topic", checkName(c.DeadLetterTopic)))
	}
	errs = append(errs, prefixed("on error", c.OnError.Validate()))
	for _, name := range slices.Sorted(maps.Keys(c.OnErrors)) {
		errs = append(errs, prefixed("on errors: processor "+name, c.OnErrors[name].Validate()))
	}
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// prefixed is err with what it is about in front of it; nil stays nil.
func prefixed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
