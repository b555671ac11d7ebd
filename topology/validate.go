package topology

import (
	"fmt"
)

// validate reports everything that can only be seen when all is declared.
func (b *Builder) validate() {
	if err := checkPart(b.name); err != nil {
		b.report(fmt.Errorf("%w %q: its name %w", ErrInvalid, b.name, err))
	} else if err := checkFolder(b.name); err != nil {
		b.report(fmt.Errorf("%w %q: its name %w", ErrInvalid, b.name, err))
	}
	if len(b.processors) == 0 {
		b.report(fmt.Errorf("%w %q: it has no processors", ErrInvalid, b.name))
	}
	names := map[string]bool{}
	for _, p := range b.processors {
		name := p.kernel.Name
		if err := checkPart(name); err != nil {
			b.report(fmt.Errorf("%w %q: processor %q: its name %w", ErrInvalid, b.name, name, err))
		}
		if names[name] {
			b.report(fmt.Errorf("%w %q: processor %q is added twice", ErrInvalid, b.name, name))
		}
		names[name] = true
		if isNil(p.key) {
			b.report(fmt.Errorf("%w %q: processor %q has no key codec", ErrInvalid, b.name, name))
		}
		if err := p.kernel.OnError.Validate(); err != nil {
			b.report(fmt.Errorf("%w %q: processor %q: on error: %w", ErrInvalid, b.name, name, err))
		}
		p.validate()
	}
	b.validateTopics()
}

// validate checks the edges of one processor.
func (p *processor) validate() {
	count := map[role]int{}
	inputs, stores := map[string]bool{}, map[string]bool{}
	for _, e := range p.edges {
		topic := e.topic.Name
		count[e.role]++
		// The names of tables and loops follow from those of topology and processor: reported there, unless
		// they are only too long.
		if err := checkName(topic); err != nil && (e.role != roleTable && e.role != roleLoop || len(topic) > maxName) {
			p.problemf(topic, "of its %s %v", e.role, err)
		}
		switch e.role {
		case roleInput:
			if inputs[topic] {
				p.problemf(topic, "is an input twice")
			}
			inputs[topic] = true
		case roleStore, roleTimers:
			if stores[topic] {
				p.problemf(topic, "is that of two stores: each store of a processor, and its timers, have a name of their own")
			}
			stores[topic] = true
		case roleTable, roleLoop:
			if count[e.role] == 2 {
				p.problemf(topic, "is a second %s: a processor has at most one", e.role)
			}
		}
		switch {
		case e.handler != nil:
		case e.role == roleInput || e.role == roleLoop:
			p.problemf(topic, "is %s without a handler", article(e.role))
		case e.role == roleTimers:
			p.problemf(topic, "is of timers without a handler")
		}
	}
	where := fmt.Errorf("%w %q: processor %q", ErrInvalid, p.builder.name, p.kernel.Name)
	switch {
	case count[roleInput] > 0:
	case count[roleLoop] > 0:
		p.builder.report(fmt.Errorf("%w has a loop and no input: nothing can start it", where))
	default:
		p.builder.report(fmt.Errorf("%w has no input", where))
	}
	for _, f := range p.flows {
		if !f.used {
			p.problemf(f.origin, "starts a flow that goes nowhere: it needs To, Each, Aggregate or Rekey at its end")
		}
	}
}

func packing(e *edge) string {
	if e.topic.Packed {
		return "packed"
	}
	return "not packed"
}

func article(r role) string {
	if r == roleInput || r == roleOutput {
		return "an " + string(r)
	}
	return "a " + string(r)
}

// use is one processor's use of a topic.
type use struct {
	p *processor
	e *edge
}

// validateTopics compares each use of a topic with the one that says most about it.
func (b *Builder) validateTopics() {
	// The owner of a table or loop speaks for its topic; otherwise who declared it first.
	owners := map[string]use{}
	for _, p := range b.processors {
		for _, e := range p.edges {
			_, known := owners[e.topic.Name]
			if !known || ownsTopic(e) && !ownsTopic(owners[e.topic.Name].e) {
				owners[e.topic.Name] = use{p, e}
			}
		}
	}
	for _, p := range b.processors {
		// Several edges of a processor that clash with one owner in the same way are one problem.
		seen := map[string]bool{}
		for _, e := range p.edges {
			o := owners[e.topic.Name]
			if o.e == e {
				continue
			}
			why := clash(use{p, e}, o)
			if why == "" || seen[e.topic.Name+" "+why] {
				continue
			}
			seen[e.topic.Name+" "+why] = true
			p.problemf(e.topic.Name, "%s", why)
		}
	}
	b.validatePacked()
	b.validateMetricNames()
	b.validatePartitioning()
}

// validatePacked wants each packed stream to have both its sides in the topology.
func (b *Builder) validatePacked() {
	sides := map[string]map[role]bool{}
	for _, p := range b.processors {
		for _, e := range p.edges {
			if sides[e.topic.Name] == nil {
				sides[e.topic.Name] = map[role]bool{}
			}
			sides[e.topic.Name][e.role] = true
		}
	}
	for _, p := range b.processors {
		for _, e := range p.edges {
			has := sides[e.topic.Name]
			switch {
			case !e.topic.Packed || has[roleLoop] || has[roleTable]:
			case e.role == roleOutput && !has[roleInput]:
				p.problemf(e.topic.Name, "is a packed output and an input of no processor: whoever reads it from outside cannot read packs")
			case e.role == roleInput && !has[roleOutput]:
				p.problemf(e.topic.Name, "is a packed input and an output of no processor: what comes from outside is not packed; "+
					"a stream of another topology is declared without Packed, and its packs are read all the same")
			}
		}
	}
}

func ownsTopic(e *edge) bool { return e.role == roleLoop || ownsTable(e) }

// ownsTable reports whether the edge is of a table that its processor writes.
func ownsTable(e *edge) bool {
	return e.role == roleTable || e.role == roleStore || e.role == roleTimers
}

// clash says why a use of a topic does not go with its owner's.
func clash(u, owner use) string {
	same := u.p == owner.p
	by := fmt.Sprintf("of processor %q", owner.p.kernel.Name)
	if same {
		by = "of the same processor"
	}
	switch r, or := u.e.role, owner.e.role; {
	case ownsTopic(u.e) && ownsTopic(owner.e):
		if same && (r == or || r != roleLoop && or != roleLoop) {
			return "" // a second one: reported already
		}
		return fmt.Sprintf("is its %s and the %s %s", r, or, by)
	case ownsTopic(owner.e) && r == roleOutput:
		return fmt.Sprintf("is an output and the %s %s", or, by)
	case or == roleLoop && u.e.topic.Table:
		return fmt.Sprintf("is %s and the loop %s: a loop cannot be joined", article(r), by)
	case or == roleTimers:
		return fmt.Sprintf("is %s and the timers %s: nobody else reads them", article(r), by)
	case or == roleLoop && r == roleInput && same:
		return "is an input and the loop of the same processor"
	case or == roleTable && r == roleJoin && same:
		return "is a join and the table of the same processor: read its State"
	case or == roleStore && r == roleJoin && same:
		return "is a join and a store of the same processor: read its Store"
	case u.e.topic.Table != owner.e.topic.Table:
		return fmt.Sprintf("is %s and %s %s: a topic is a stream or a table", article(r), article(or), by)
	case u.e.topic.Retention != owner.e.topic.Retention && or != roleLoop:
		return fmt.Sprintf("has another retention (%v) than as %s %s (%v)", u.e.topic.Retention, article(or), by, owner.e.topic.Retention)
	case u.e.topic.Partitions != owner.e.topic.Partitions && or != roleLoop && or != roleTable:
		return fmt.Sprintf("is declared with %d partitions, and with %d as %s %s", u.e.topic.Partitions, owner.e.topic.Partitions, article(or), by)
	case u.e.topic.Foreign != owner.e.topic.Foreign:
		return fmt.Sprintf("is declared with and without ForeignPartitions: also as %s %s", article(or), by)
	case u.e.topic.Shared != owner.e.topic.Shared:
		return fmt.Sprintf("is declared with and without Shared: also as %s %s", article(or), by)
	case u.e.topic.Packed != owner.e.topic.Packed && or != roleLoop:
		return fmt.Sprintf("is %s as %s and %s as %s %s", packing(u.e), article(r), packing(owner.e), article(or), by)
	case (u.e.topic.HashPart == nil) != (owner.e.topic.HashPart == nil):
		return fmt.Sprintf("has another partitioning (by a part of its key, or by all of it) than as %s %s", article(or), by)
	}
	return ""
}
