package kernel

import (
	"fmt"
	"unicode/utf8"
)

// Cut returns a text as it is if it has no more than about n bytes. Otherwise it returns its beginning and how long it is: texts that records
// and handlers bring along may be as large as records are.
func Cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	end := n
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:end], len(text))
}
