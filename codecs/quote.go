package codecs

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// How many bytes [Quote] shows of a text, and [Brief] of an error.
const (
	quoted = 100
	brief  = 300
)

// Quote returns text in quotes, for errors: of what is longer than 100 bytes the beginning, up to a whole character, and the size.
// What comes from outside may have any size, and an error goes to logs.
func Quote[T ~string | ~[]byte](text T) string {
	if len(text) <= quoted {
		return strconv.Quote(string(text))
	}
	return fmt.Sprintf("%q… (%d bytes)", head(string(text[:quoted+1]), quoted), len(text))
}

// Cut returns the beginning of a text that is longer than n bytes, up to a whole character, and its size.
func Cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", head(text, n), len(text))
}

// head returns at most n bytes of a text that is longer.
func head(text string, n int) string {
	for end := n; end > max(0, n-utf8.UTFMax); end-- {
		if utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
	return text[:n] // no character is that long
}

// Brief returns an error that says no more than the beginning of a long text. It wraps the error, for those of libraries that quote what
// they read.
func Brief(err error) error {
	if err == nil || len(err.Error()) <= brief {
		return err
	}
	return &briefError{err}
}

type briefError struct{ err error }

func (e *briefError) Error() string { return Cut(e.err.Error(), brief) }

func (e *briefError) Unwrap() error { return e.err }
