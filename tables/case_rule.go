package tables

import "fmt"

// CaseRule says what a wiki makes of the first letter of its titles.
type CaseRule string

// The rules. Of a wiki without site info nobody knows which one it has: its titles are kept as they come. Events spell them as
// the wiki's database does, so that is right for either; only a person who types a title has to spell it so as well.
const (
	CaseUnknown   CaseRule = ""
	FirstLetter   CaseRule = "first-letter" // it is upper case
	CaseSensitive CaseRule = "case-sensitive"
)

// ParseCaseRule reads a rule, as MediaWiki's site info calls it.
func ParseCaseRule(name string) (CaseRule, error) {
	switch r := CaseRule(name); r {
	case FirstLetter, CaseSensitive:
		return r, nil
	}
	return "", fmt.Errorf("case rule %q is none of %s, %s", name, FirstLetter, CaseSensitive)
}
