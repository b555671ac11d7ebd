package cluster

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// A table's topic may have any policy that keeps the last record of every key, and one that deletes by age where that is declared.
func TestPoliciesOfTables(t *testing.T) {
	t.Parallel()
	c := setup(t, broker.Options{})
	c.make(t, "in", 1, nil)
	for i, test := range []struct {
		policy, retention string
		declared          time.Duration
		own, ok           bool
	}{
		{policy: "compact", ok: true},
		{policy: "compact,delete", retention: "3600000"},
		{policy: "delete,compact", retention: "3600000"},
		{policy: "compact,delete", retention: "3600000", declared: time.Hour, ok: true},
		{policy: "delete,compact", retention: "3600000", declared: 2 * time.Hour, ok: true},
		{policy: "compact,delete", retention: "-1", ok: true},
		{policy: "delete", retention: "3600000"},
		{policy: "delete", retention: "3600000", declared: time.Hour},
		{policy: "delete", retention: "-1", ok: true},
		{policy: "delete", retention: "-1", own: true},
		{policy: "compact,delete", retention: "3600000", declared: time.Hour, own: true, ok: true},
	} {
		t.Run(fmt.Sprintf("%+v", test), func(t *testing.T) {
			t.Parallel()
			name := fmt.Sprintf("table-%d", i)
			configs := map[string]string{"cleanup.policy": test.policy}
			if test.retention != "" {
				configs["retention.ms"] = test.retention
			}
			c.make(t, name, 1, configs)
			table := &kernel.Table{Topic: kernel.Topic{Name: name, Table: true, Retention: test.declared}}
			p := &kernel.Processor{Name: "p", Group: "t-p", Inputs: []*kernel.Input{{Topic: stream("in")}}}
			if test.own {
				p.Own = table
			} else {
				p.Lookups = []*kernel.Table{table}
			}
			err := EnsureTopics(t.Context(), c, &kernel.Topology{Name: "t", Processors: []*kernel.Processor{p}}, Policy{OnlyOurs: true})
			if (err == nil) != test.ok || err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("%v", err)
			}
		})
	}
}

// Segments and ratios are such that compaction and purging can work.
func TestSegments(t *testing.T) {
	t.Parallel()
	p := Policy{}.withDefaults()
	table := need{name: "t", table: true}.configs(p, 1)
	internal := need{name: "i", internal: true}.configs(p, 1)
	plain := need{name: "p"}.configs(p, 1)
	for key, want := range map[string]string{"segment.bytes": "52428800", "segment.ms": "3600000", "min.cleanable.dirty.ratio": "0.2", "min.compaction.lag.ms": "600000"} {
		if got := table[key]; got == nil || *got != want {
			t.Errorf("%s of a table is not %s", key, want)
		}
	}
	if got := internal["segment.bytes"]; got == nil || *got != "52428800" {
		t.Error("an internal stream has segments of any size")
	}
	if internal["segment.ms"] != nil || plain["segment.bytes"] != nil {
		t.Error("the times of events begin segments")
	}
	declared := need{name: "t", table: true, settings: map[string]string{"segment.bytes": "1048576"}}.configs(p, 1)
	if *declared["segment.bytes"] != "1048576" {
		t.Error("a declared setting does not count")
	}
}

// Each kind of resource is named with the right that is missing, and nothing else is taken for it.
func TestDenied(t *testing.T) {
	t.Parallel()
	other := errors.New("something else")
	if Denied(nil, Topic, "a", "Read") != nil || Denied(other, Topic, "a", "Read") != other { //nolint:errorlint // the same error is meant
		t.Error("an error was made up")
	}
}
