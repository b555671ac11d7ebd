package settings

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/eddystream/eddy/tables"
)

// Cases returns the case rules of wikis without site info, by wiki; "" is for all that are not named.
func (s Settings) Cases() (map[string]tables.CaseRule, error) {
	rules, errs := map[string]tables.CaseRule{}, []error{}
	for _, text := range s.Case {
		wiki, name, ok := cutLast(text, "=")
		if !ok {
			wiki, name = "", text
		}
		rule, err := tables.ParseCaseRule(name)
		switch {
		case err != nil:
		case ok && !tables.ValidWiki(wiki):
			err = fmt.Errorf("%q can be no wiki's name", wiki)
		case rules[wiki] != "":
			err = errors.New("given twice")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("case: %q: %w", text, err))
		}
		rules[wiki] = rule
	}
	return rules, errors.Join(errs...)
}

// cutLast is [strings.Cut] at the last separator: names of wikis may have one.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// WikiNames reads the file of WikiMap: the user's names of wikis, by the names or domains that events have.
func (s Settings) WikiNames() (tables.WikiMap, error) {
	if s.WikiMap == "" {
		return nil, nil
	}
	data, err := os.ReadFile(s.WikiMap)
	if err != nil {
		return nil, fmt.Errorf("wiki-map: %w", err)
	}
	var names map[string]string
	if err := yaml.Unmarshal(data, &names); err != nil {
		return nil, fmt.Errorf("wiki-map %q: want names and their names here: %s", s.WikiMap, yaml.FormatError(err, false, false))
	}
	m, err := tables.NewWikiMap(names)
	if err != nil {
		return nil, fmt.Errorf("wiki-map %q: %w", s.WikiMap, err)
	}
	return m, nil
}
