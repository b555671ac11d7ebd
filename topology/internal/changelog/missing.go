package changelog

import (
	"fmt"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Footing is what the group of a table's owner has committed, and so what the table's changelog must have.
type Footing struct {
	// Log is how the group met the changelog when it committed last. Its Topic is zero if the group says nothing of it.
	Log fence.Log
}

// Standing has a load refuse a changelog that has less than the group committed, or than the local copy has: rows were lost, and neither
// side is thrown away. The error is [cluster.ErrStateMissing].
func Standing(f Footing) LoadOption { return func(l *loading) { l.footing = &f } }

// complete says what is missing of a log; nothing if the group stands on it.
func (s logState) complete(t *store.Table, f Footing) error {
	var none fence.TopicID
	known := f.Log.Topic != none && s.topic != none
	switch {
	case known && f.Log.Topic != s.topic:
		return fmt.Errorf("%w: the topic was made anew: the group has committed what it had with the topic of id %s, and this one is %s",
			cluster.ErrStateMissing, f.Log.Topic, s.topic)
	case known && s.end < f.Log.Next:
		return fmt.Errorf("%w: the topic ends at offset %d, and the group has committed what it had with all up to %d",
			cluster.ErrStateMissing, s.end, f.Log.Next)
	case known && s.start > f.Log.Start && !s.expires:
		return fmt.Errorf("%w: the topic begins at offset %d and did at %d: rows were deleted otherwise than by their owner",
			cluster.ErrStateMissing, s.start, f.Log.Start)
	}
	return s.coversLocal(t, known)
}

// coversLocal says whether the log has what a local copy has. One of another topic is out of date if the group stands on this one.
func (s logState) coversLocal(t *store.Table, stood bool) error {
	at, local, err := t.Progress()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	if !local {
		return nil
	}
	identity, err := t.Identity()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	what := ""
	switch same := identity == s.identity; {
	case same && at.Next > s.end:
		what = fmt.Sprintf("the local copy is at offset %d, and the topic ends at %d", at.Next, s.end)
	case !same && !stood && identity.Cluster != s.identity.Cluster:
		what = fmt.Sprintf("the local copy is of cluster %q, this is %q", identity.Cluster, s.identity.Cluster)
	case !same && !stood:
		what = fmt.Sprintf("the local copy is of the topic with id %q, and this one is %q", identity.Topic, s.identity.Topic)
	}
	if what == "" {
		return nil
	}
	for _, err := range t.Range(nil, nil) {
		if err != nil {
			return fmt.Errorf("%w: %w", ErrStore, err)
		}
		return fmt.Errorf("%w: %s, and the group has committed nothing that says which is right; if it is the topic, delete the local copy", cluster.ErrStateMissing, what)
	}
	return nil // a copy of nothing
}
