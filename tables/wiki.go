package tables

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/eddystream/eddy/codecs"
)

// ErrKey is wrapped by the errors of the key parsers and codecs: the text is no key, or not in its one spelling.
var ErrKey = errors.New("malformed key")

func keyError(kind, text, why string) error {
	return fmt.Errorf("%w: %s %s: %s", ErrKey, kind, codecs.Quote(text), why)
}

// maxWiki is how many bytes the name of a wiki has at most: MediaWiki's are names of a database, a schema and a table prefix, each
// of 64 at most.
const maxWiki = 200

// ValidWiki says whether a name can be a wiki's. Names are the user's, and compared byte for byte: any UTF-8 of at most 200 bytes
// will do that has no colon, which separates the parts of keys, no "@", which begins the key of a chunk, no white space, control
// character or U+FFFD, which would not be seen where names are printed, and no slash or backslash, for names may become those of files.
func ValidWiki(wiki string) bool {
	if wiki == "" || len(wiki) > maxWiki {
		return false
	}
	for _, r := range wiki {
		if r >= 'a' && r <= 'z' {
			continue // as nearly all are
		}
		if r == ':' || r == '@' || r == '/' || r == '\\' || r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) {
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
