package tables

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/eddystream/eddy/codecs"
)

// ErrKey is wrapped by the errors of the key parsers and codecs: the text is no key, or not in its one spelling.
var ErrKey = errors.New("malformed key")

func keyError(kind, text, why string) error {
	return fmt.Errorf("%w: %s %s: %s", ErrKey, kind, codecs.Quote(text), why)
}

// maxWiki is how many bytes a database name has at most: no database takes more.
const maxWiki = 64

// ValidWiki says whether a database name is well formed: at most 64 lower-case ASCII letters, digits, "_" and "-", a letter
// or digit first.
func ValidWiki(wiki string) bool {
	if wiki == "" || len(wiki) > maxWiki || wiki[0] == '_' || wiki[0] == '-' {
		return false
	}
	for i := range len(wiki) {
		c := wiki[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// parseNumber reads a number in the one spelling that [strconv.FormatInt] gives it.
func parseNumber(text string, bits int) (int64, bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || digits[0] == '0' && len(text) > 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, bits)
	return n, err == nil
}
