package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"unicode/utf8"

	"github.com/eddystream/eddy/internal/replay"
)

// deadLetters writes events that cannot be used to a file, which is made with the first of them. One that is there
// already is added to.
type deadLetters struct {
	path string
	file *os.File
}

// deadLetter is one line of the file.
type deadLetter struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Error string `json:"error"`
	Raw   string `json:"raw,omitempty"`
	Bytes []byte `json:"bytes,omitempty"` // in base64, of a line that is not text
}

func (d *deadLetters) add(_ context.Context, r replay.Rejected) error {
	if d.file == nil {
		f, err := os.OpenFile(d.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		d.file = f
	}
	letter := deadLetter{File: r.File, Line: r.Line, Error: r.Err.Error()}
	if cause := errors.Unwrap(r.Err); cause != nil {
		letter.Error = cause.Error() // file and line stand beside it
	}
	if utf8.Valid(r.Raw) {
		letter.Raw = string(r.Raw)
	} else {
		letter.Bytes = r.Raw
	}
	out := json.NewEncoder(d.file)
	out.SetEscapeHTML(false)
	return out.Encode(letter)
}

func (d *deadLetters) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}
