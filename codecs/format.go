package codecs

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/twmb/avro"
)

// ErrUnknownSchema is wrapped by the errors of [Codec.Decode] for a value whose header names a schema that the codec's
// [Format] does not have: a newer release of the program wrote it, or another program. Nothing is read of such a value.
var ErrUnknownSchema = errors.New("unknown writer schema")

// ErrNoHeader is wrapped by the errors of [Codec.Decode] for a value that does not begin with a single-object header,
// where the [Format] has no release that wrote without one.
var ErrNoHeader = errors.New("no single-object header")

// A Format is how the values of one type are stored, over the releases of a program: the current schema, by which
// values are read and written, and the schemas of other releases, by which values may have been written. What another
// schema wrote is resolved into the current one by Avro's rules: a field that was added takes its default, one that
// was removed is passed over, numbers are promoted, fields are matched by name or alias in whatever order.
//
// A Format is safe for concurrent use.
type Format struct {
	current    *Schema
	own        *writer                      // the current schema's
	writers    map[[headerSize]byte]*writer // every schema, by its header
	headerless *writer                      // reads what has no header; nil: nothing is without
	writing    atomic.Pointer[encoding]
}

// writer is a schema that values may have been written by.
type writer struct {
	schema *Schema
	plan   *avro.Schema // decodes them as the current schema has them
}

// encoding is how values are written.
type encoding struct {
	header []byte // nil: none
	schema *avro.Schema
	// downgrade decodes what the current schema wrote as schema has it; nil: values are encoded by schema directly.
	downgrade *avro.Schema
}

// NewFormat makes the format of values that are read and written by the schema current, and may have been written by
// any of the others: those of former releases, and of newer ones where they are known. All values have headers. If
// current cannot read what another schema wrote, the error names both and the field.
func NewFormat(current *Schema, others ...*Schema) (*Format, error) {
	own := &writer{current, current.typed}
	f := &Format{current: current, own: own, writers: map[[headerSize]byte]*writer{current.header: own}}
	for _, s := range others {
		if err := f.add(s); err != nil {
			return nil, err
		}
	}
	f.writing.Store(&encoding{header: current.header[:], schema: current.typed})
	return f, nil
}

// MustFormat is [NewFormat] for package variables. It panics on an error: the schemas are part of the program.
func MustFormat(current *Schema, others ...*Schema) *Format {
	f, err := NewFormat(current, others...)
	if err != nil {
		panic(err)
	}
	return f
}

// add makes the plan for what a schema wrote. Two schemas of one fingerprint have one plan: they lay out the same bytes,
// and [Schema.reads] has seen that they mean the same.
func (f *Format) add(s *Schema) error {
	if s == f.current {
		return nil
	}
	plan, err := f.current.reads(s)
	if err != nil {
		return err
	}
	if f.writers[s.header] == nil {
		f.writers[s.header] = &writer{s, plan}
	}
	return nil
}

// Schema returns the current schema.
func (f *Format) Schema() *Schema { return f.current }

// Write makes the codecs of the format write by another of its schemas, for as long as programs run that do not know
// the current one. Handlers and readers see no difference. A value is stored as a reader with that schema would see it:
// a field that the schema does not have is left out, and one that only it has takes its default. That costs nothing if
// the current schema only has more fields, and otherwise some ten times as much as encoding. If the schema
// cannot read what the current one writes, the error names both and the field, and nothing changes.
func (f *Format) Write(s *Schema) error {
	if f.writers[s.header] == nil {
		return fmt.Errorf("schema %s is not one of the format's: %w", s.label(), ErrNoSchema)
	}
	e, err := f.encoding(s, s.header[:])
	if err != nil {
		return err
	}
	f.writing.Store(e)
	return nil
}

func (f *Format) encoding(s *Schema, header []byte) (*encoding, error) {
	if s.header == f.current.header {
		return &encoding{header: header, schema: f.current.typed}, nil
	}
	plan, err := downgrade(f.current, s)
	if err != nil {
		return nil, err
	}
	if covers(f.current, s) {
		plan = nil
	}
	return &encoding{header: header, schema: s.typed, downgrade: plan}, nil
}

// append adds the encoding of what value points at to dst.
func (f *Format) append(dst []byte, value any) ([]byte, error) {
	e := f.writing.Load()
	dst = append(dst, e.header...)
	if e.downgrade == nil {
		return e.schema.AppendEncode(dst, value)
	}
	// Both steps name the branches of unions, so that none is chosen by the looks of a value.
	data, err := f.current.typed.AppendEncode(nil, value)
	if err != nil {
		return dst, err
	}
	var seen any
	if _, err := e.downgrade.Decode(data, &seen, avro.TaggedUnions()); err != nil {
		return dst, err
	}
	return e.schema.AppendEncode(dst, seen)
}

// open returns the writer of a value and the value without its header.
func (f *Format) open(data []byte) (w *writer, body []byte, err error) {
	if len(data) >= headerSize && [headerSize]byte(data) == f.current.header { // nearly all are
		return f.own, data[headerSize:], nil
	}
	header, ok := SingleObjectHeader(data)
	if !ok {
		if f.headerless == nil {
			return nil, nil, fmt.Errorf("%w: want C3 01 and a schema's fingerprint, got %x", ErrNoHeader, data[:min(len(data), headerSize)])
		}
		return f.headerless, data, nil
	}
	key := [headerSize]byte(header)
	if w = f.writers[key]; w == nil {
		return nil, nil, unknownSchema(key, f.current)
	}
	return w, data[headerSize:], nil
}

// decode reads data into what value points at.
func (f *Format) decode(data []byte, value any) error {
	w, body, err := f.open(data)
	if err != nil {
		return err
	}
	rest, err := w.plan.Decode(body, value)
	if err == nil && len(rest) > 0 {
		err = leftOver(rest)
	}
	return err
}

// JSON renders a stored value as JSON, by the schema that wrote it; see [Schema.JSON].
func (f *Format) JSON(data []byte) ([]byte, error) {
	w, body, err := f.open(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", f.current.name, err)
	}
	return w.schema.JSON(body)
}

func unknownSchema(header [headerSize]byte, current *Schema) error {
	return fmt.Errorf("%w: fingerprint %s, where this program's own is %s: a newer release has written the value, or another program; "+
		"run that release, or one that knows its schema", ErrUnknownSchema, fingerprintOf(header), current.Fingerprint())
}
