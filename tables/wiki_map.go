package tables

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/eddystream/eddy/tables/events"
)

// WikiMap gives wikis the names that the user has for them, by the wiki_id of their events, or by their domain. The zero map
// leaves all names as they are.
type WikiMap map[string]string

// NewWikiMap checks the names. Two may become one: those of a wiki that was renamed.
func NewWikiMap(names map[string]string) (WikiMap, error) {
	var errs []error
	for _, from := range slices.Sorted(maps.Keys(names)) {
		if from == "" {
			errs = append(errs, errors.New("a wiki without a name"))
		}
		if to := names[from]; !ValidWiki(to) {
			errs = append(errs, fmt.Errorf("%q of %q can be no wiki's name", to, from))
		}
	}
	return names, errors.Join(errs...)
}

// Name returns the name of the wiki of an event. A wiki_id counts before a domain.
func (m WikiMap) Name(wiki, domain string) string {
	if name, ok := m[wiki]; ok {
		return name
	}
	if name, ok := m[domain]; ok && domain != "" {
		return name
	}
	return wiki
}

// Rename gives the wiki of an event its name.
func (m WikiMap) Rename(ev *events.Event) {
	switch {
	case len(m) == 0:
	case ev.Change != nil:
		ev.Change.Wiki = m.Name(ev.Change.Wiki, ev.Change.Meta.Domain)
	case ev.Render != nil:
		ev.Render.Wiki = m.Name(ev.Render.Wiki, ev.Render.Meta.Domain)
	}
}
