package events

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
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

// MaxLine is how many bytes a line has at most: that is what a rendering with a million links takes, twice what any record may have. Reading one
// takes a few times that.
const MaxLine = 64 << 20

// ErrLineTooLong is what is wrong with a line of more than [MaxLine] bytes.
var ErrLineTooLong = fmt.Errorf("the line has more than %d MiB, and is passed over", MaxLine>>20)

// Reader reads events from a file of one JSON event a line. It is not safe for concurrent use.
type Reader struct {
	name  string
	lines *bufio.Reader
	line  int
	close []func() error
}

// maxWindow is the largest window of a zstd file, which is held in memory: that of the zstd command, without an option.
const maxWindow = 128 << 20

// Open opens a file of events: plain, or compressed where its name ends in ".gz" or ".zst" (with a window of 128 MiB at most).
func Open(name string) (*Reader, error) { return OpenContext(context.Background(), name) }

// OpenContext is Open of a file whose reading ends when ctx does, with its error, also within a line.
func OpenContext(ctx context.Context, name string) (*Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &Reader{name: name, close: []func() error{f.Close}}
	switch {
	case strings.HasSuffix(name, ".gz"):
		err = r.gunzip(ctx, bufio.NewReader(f))
	case strings.HasSuffix(name, ".zst"):
		err = r.unzstd(ctx, bufio.NewReader(f))
	default:
		r.from(ctx, f)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Uncompress reads events from a stream as OpenContext does from a file; how it is compressed shows in its first bytes.
func Uncompress(ctx context.Context, name string, in io.Reader) (*Reader, error) {
	r := &Reader{name: name}
	buffered := bufio.NewReader(heed(ctx, in))
	magic, _ := buffered.Peek(4) // its error comes again
	var err error
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		err = r.gunzip(ctx, buffered)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		err = r.unzstd(ctx, buffered)
	default:
		r.from(ctx, buffered)
	}
	return r, err
}

func (r *Reader) gunzip(ctx context.Context, in *bufio.Reader) error {
	if _, err := in.Peek(1); err != nil {
		return r.empty("gzip", err)
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("%s: is no gzip file: %w: %w", r.name, ErrFile, err)
	}
	r.from(ctx, z)
	return nil
}

func (r *Reader) unzstd(ctx context.Context, in *bufio.Reader) error {
	if _, err := in.Peek(1); err != nil {
		return r.empty("zstd", err)
	}
	z, err := zstd.NewReader(in, zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	r.close = append(r.close, func() error { z.Close(); return nil })
	r.from(ctx, z)
	return nil
}

// empty is the error of a compressed file without a byte: it was cut short, for compressed nothing is something.
func (r *Reader) empty(kind string, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: is no %s file, for it is empty: %w", r.name, kind, ErrFile)
	}
	return fmt.Errorf("%s: %w: %w", r.name, ErrFile, err)
}

func (r *Reader) from(ctx context.Context, in io.Reader) {
	r.lines = bufio.NewReaderSize(heed(ctx, in), readBytes)
}

// readBytes are read at once.
const readBytes = 256 << 10

// heeding reads until a context ends.
type heeding struct {
	ctx context.Context //nolint:containedctx // of one reading
	in  io.Reader
}

// heed returns a reader of in that ends with ctx.
func heed(ctx context.Context, in io.Reader) io.Reader { return heeding{ctx, in} }

func (h heeding) Read(p []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	return h.in.Read(p)
}

// NewReader reads events from an uncompressed stream; errors name it so.
func NewReader(name string, in io.Reader) *Reader {
	return &Reader{name: name, lines: bufio.NewReaderSize(in, readBytes)}
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
			case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
				yield(e, err)
				return
			case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
				yield(e, fmt.Errorf("%s:%d: %w: it needs a window of more than 128 MiB: uncompress it first (zstd -d --long=31)", r.name, r.line, ErrFile))
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
		switch {
		case long:
		case len(line)+len(bytes.TrimRight(part, "\r\n")) > MaxLine:
			long, line = true, nil
		case cap(line)-len(line) < len(part):
			more := max(len(line), len(part)) // twice as large: of smaller steps more is garbage
			if len(line)+more >= MaxLine {
				more = MaxLine + readBytes - len(line)
			}
			line = append(slices.Grow(line, more), part...)
		default:
			line = append(line, part...)
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
