package tables

import (
	"errors"
	"fmt"

	"github.com/eddystream/eddy/codecs"
)

// ErrTitle is wrapped by every [*TitleError].
var ErrTitle = errors.New("invalid title")

// TitleError says that a text is no title of a wiki, and by which of MediaWiki's rules.
type TitleError struct {
	Wiki      string
	Namespace int32 // as given or found so far
	Text      string
	Rule      TitleRule
}

// Error names the text, of a long one the beginning, the wiki and the rule.
func (e *TitleError) Error() string {
	return fmt.Sprintf("invalid title %s of %s in namespace %d: %s", codecs.Quote(e.Text), e.Wiki, e.Namespace, e.Rule)
}

// Unwrap returns [ErrTitle].
func (e *TitleError) Unwrap() error { return ErrTitle }

// TitleRule is what a text offends.
type TitleRule string

// The rules of titles.
const (
	RuleEmpty        TitleRule = "a title is not empty"
	RuleUTF8         TitleRule = "a title is UTF-8 without U+FFFD"
	RuleCharacter    TitleRule = "a title has no # < > [ ] | { } and no control character"
	RulePercent      TitleRule = "a title has no percent-encoded byte"
	RuleReference    TitleRule = "a title has no character reference"
	RulePath         TitleRule = "no part of a title's path is . or .."
	RuleTildes       TitleRule = "a title has no three tildes"
	RuleLength       TitleRule = "a title has at most 255 bytes, a special page's 512"
	RuleLeadingColon TitleRule = "a title begins with no colon"
	RuleTalk         TitleRule = "a talk page's title begins with no namespace"
	RulePrefix       TitleRule = "a title outside namespace 0 has a prefix"
)
