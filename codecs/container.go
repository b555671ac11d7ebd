package codecs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/linkedin/goavro/v2"
)

// JSON renders one Avro record of the schema as JSON: the value of a union without its type, times and
// other logical types as goavro reads them. It is for tools and people, for any schema, and not fast.
func (s *Schema) JSON(data []byte) (text []byte, err error) {
	defer recovered(&err, "render avro")
	native, err := s.native(data)
	if err != nil {
		return nil, err
	}
	text, err = s.plain.TextualFromNative(nil, native)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", s.name, err)
	}
	return text, nil
}

// native is a record as goavro reads it. goavro allocates what a block's count claims, so bytes that lie about
// it could exhaust the memory; the other library checks counts and depth first.
func (s *Schema) native(data []byte) (any, error) {
	var value any
	rest, err := s.typed.Decode(data, &value)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes left over", len(rest))
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.name, err)
	}
	native, rest, err := s.generic.NativeFromBinary(data)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes left over", len(rest))
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.name, err)
	}
	return native, nil
}

// A ContainerWriter writes an Avro object container file. It is not safe for concurrent use.
type ContainerWriter struct {
	schema *Schema
	out    *goavro.OCFWriter
	block  []any
}

// blockRecords is how many records share one block of a container file.
const blockRecords = 1000

// NewContainerWriter starts a container file of the schema's records, compressed by deflate.
func NewContainerWriter(w io.Writer, schema *Schema) (*ContainerWriter, error) {
	out, err := goavro.NewOCFWriter(goavro.OCFConfig{W: w, Schema: schema.text, CompressionName: goavro.CompressionDeflateLabel})
	if err != nil {
		return nil, fmt.Errorf("container file: %w", err)
	}
	return &ContainerWriter{schema: schema, out: out}, nil
}

// Write adds one encoded record of the schema.
func (w *ContainerWriter) Write(record []byte) (err error) {
	defer recovered(&err, "container file")
	native, err := w.schema.native(record)
	if err != nil {
		return err
	}
	w.block = append(w.block, native)
	if len(w.block) < blockRecords {
		return nil
	}
	return w.Flush()
}

// Flush writes the records of the open block. Call it at the end; the underlying writer is the caller's to close.
func (w *ContainerWriter) Flush() (err error) {
	defer recovered(&err, "container file")
	if len(w.block) == 0 {
		return nil
	}
	if err := w.out.Append(w.block); err != nil {
		return fmt.Errorf("container file: %w", err)
	}
	w.block = w.block[:0]
	return nil
}

// A Container is an Avro object container file that is being read. It is not safe for concurrent use.
type Container struct {
	schema *Schema
	in     *goavro.OCFReader
}

// OpenContainer reads the head of a container file with the schema that it was written by.
func OpenContainer(r io.Reader) (c *Container, err error) {
	defer recovered(&err, "container file")
	in, err := goavro.NewOCFReader(bufio.NewReader(r))
	if err != nil {
		return nil, fmt.Errorf("container file: %w", err)
	}
	schema, err := ParseSchema(in.Codec().Schema())
	if err != nil {
		return nil, fmt.Errorf("container file: %w", err)
	}
	return &Container{schema, in}, nil
}

// Schema returns the schema of the file's records.
func (c *Container) Schema() *Schema { return c.schema }

// Records yields the file's records, encoded by its schema. An error is the last that it yields.
func (c *Container) Records() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			record, err := c.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// next returns the next record or [io.EOF].
func (c *Container) next() (record []byte, err error) {
	defer recovered(&err, "container file")
	if !c.in.Scan() {
		if err := c.in.Err(); err != nil {
			return nil, fmt.Errorf("container file: %w", err)
		}
		return nil, io.EOF
	}
	native, err := c.in.Read()
	if err != nil {
		return nil, fmt.Errorf("container file: %w", err)
	}
	record, err = c.schema.generic.BinaryFromNative(nil, native)
	if err != nil {
		return nil, fmt.Errorf("container file: %w", err)
	}
	return record, nil
}
