package events

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Event is one line of a file: a page change or a render; the other is nil.
type Event struct {
	File   string
	Line   int // from 1
	Change *PageChange
	Render *Render
	Raw    []byte // the line without its end; the receiver's
}

// LineError says that a line of a file holds no event that can be read. The lines behind it can.
type LineError struct {
	File string
	Line int
	Err  error
}

// Error names the file and the line.
func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns what is wrong: see [Decode].
func (e *LineError) Unwrap() error { return e.Err }

// ErrFile is wrapped by the error of a file that cannot be read to its end, or not at all as what its name says it is.
var ErrFile = errors.New("cannot be read")

// ErrLineTooLong is what is wrong with a line of more than 256 MiB.
var ErrLineTooLong = errors.New("line of more than 256 MiB")

const maxLine = 256 << 20

// Reader reads events from a file of one JSON event a line. It is not safe for concurrent use.
type Reader struct {
	name  string
	lines *bufio.Reader
	line  int
	close []func() error
}

// Open opens a file of events: plain, or compressed where its name ends in ".gz" or ".zst" (of any window).
func Open(name string) (*Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &Reader{name: name, close: []func() error{f.Close}}
	var in io.Reader = f
	switch {
	case strings.HasSuffix(name, ".gz"):
		z, err := gzip.NewReader(bufio.NewReader(f))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: is no gzip file: %w: %w", name, ErrFile, err), r.Close())
		}
		in = z
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<31))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), r.Close())
		}
		in = z
		r.close = append(r.close, func() error { z.Close(); return nil })
	}
	r.lines = bufio.NewReaderSize(in, 1<<18)
	return r, nil
}

// NewReader reads events from an uncompressed stream; errors name it so.
func NewReader(name string, in io.Reader) *Reader {
	return &Reader{name: name, lines: bufio.NewReaderSize(in, 1<<18)}
}

// Close closes the file.
func (r *Reader) Close() error {
	var all []error
	for _, end := range slices.Backward(r.close) {
		all = append(all, end())
	}
	r.close = nil
	return errors.Join(all...)
}

// Events yields the events of the file in order, canary events too; empty lines are passed over. With a
// [*LineError] comes an event without a change and a render, and the next line follows; any other error, of reading
// the file, is the last. It goes on where an earlier loop over it stopped.
func (r *Reader) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			raw, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			e := Event{File: r.name, Line: r.line, Raw: raw}
			switch {
			case errors.Is(err, ErrLineTooLong):
				err = &LineError{r.name, r.line, err}
			case errors.Is(err, io.ErrUnexpectedEOF):
				yield(e, fmt.Errorf("%s:%d: the compressed file is cut short: %w", r.name, r.line, ErrFile))
				return
			case err != nil:
				yield(e, fmt.Errorf("%s:%d: %w: %w", r.name, r.line, ErrFile, err))
				return
			case len(bytes.TrimSpace(raw)) == 0:
				continue
			default:
				if e.Change, e.Render, err = Decode(raw); err != nil {
					err = &LineError{r.name, r.line, err}
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// next returns a copy of the next line without its end, or [io.EOF].
func (r *Reader) next() ([]byte, error) {
	r.line++
	var line []byte
	long := false
	for {
		part, err := r.lines.ReadSlice('\n')
		if !long {
			line = append(line, part...)
			if len(line) > maxLine {
				long, line = true, nil
			}
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(line) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		case long:
			return nil, ErrLineTooLong
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}
