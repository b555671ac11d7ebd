package tables

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/schemas"
)

// goldenRow is a row or a message as a release stored it, and what its own schema says of it.
type goldenRow struct {
	name string
	data []byte
	json string
}

func goldenFile(release, schema string) string {
	return filepath.Join("testdata", "formats", release, schema+".txt")
}

// readGolden reads three lines a row: its name, its bytes in hexadecimal, its JSON.
func readGolden(t *testing.T, file string) (rows []goldenRow) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines)%3 != 0 {
		t.Fatalf("%s has %d lines, three for a row are wanted", file, len(lines))
	}
	for i := 0; i < len(lines); i += 3 {
		data, err := hex.DecodeString(lines[i+1])
		if err != nil {
			t.Fatalf("%s: line %d: %v", file, i+2, err)
		}
		rows = append(rows, goldenRow{lines[i], data, lines[i+2]})
	}
	return rows
}

// TestGoldenRows reads the rows and messages that every release has stored. The present release makes of each field what
// the release made of it that wrote it.
func TestGoldenRows(t *testing.T) {
	t.Parallel()
	byType := map[string]anyCodec{}
	for _, s := range samples() {
		byType[s.schema] = s.codec
	}
	for _, release := range schemas.Releases.Names() {
		files, err := filepath.Glob(goldenFile(release, "*"))
		if err != nil || len(files) == 0 {
			t.Errorf("release %s has no golden rows: %v", release, err)
		}
		for _, file := range files {
			schema := strings.TrimSuffix(filepath.Base(file), ".txt")
			format, err := schemas.Releases.Format("eddy." + schema)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			for _, row := range readGolden(t, file) {
				text, err := format.JSON(row.data)
				if err != nil || string(text) != row.json {
					t.Errorf("%s: %s: %v\ngot  %s\nwant %s", file, row.name, err, text, row.json)
				}
				value, err := byType[schema].decode(row.data)
				if err != nil {
					t.Errorf("%s: %s: %v", file, row.name, err)
					continue
				}
				again, err := byType[schema].encode(value)
				if err != nil {
					t.Errorf("%s: %s: %v", file, row.name, err)
					continue
				}
				now, err := format.JSON(again)
				if err != nil {
					t.Errorf("%s: %s: %v", file, row.name, err)
				} else if err := agree(parse(t, []byte(row.json)), parse(t, now)); err != nil {
					t.Errorf("%s: %s: %v\nread %s\nfrom %s", file, row.name, err, now, row.json)
				}
			}
		}
	}
}

func parse(t *testing.T, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// moved are the fields whose values a later release has in another: it reads them, and writes them there.
var moved = map[string]string{"waves": "visits"}

// agree says which field two readings of one value have otherwise. A field that only one has was added or removed
// between their schemas.
func agree(a, b any) error {
	switch a := a.(type) {
	case map[string]any:
		fields, ok := b.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no record", b)
		}
		for name, value := range a {
			other, ok := fields[name]
			if list, is := fields[moved[name]].([]any); is && len(list) > 0 {
				ok = false // TestVisitsOfARowFromBefore holds what they say
			}
			if ok {
				if err := agree(value, other); err != nil {
					return fmt.Errorf("field %q: %w", name, err)
				}
			}
		}
	case []any:
		list, ok := b.([]any)
		if !ok || len(list) != len(a) {
			return fmt.Errorf("%v is not a list of %d", b, len(a))
		}
		for i := range a {
			if err := agree(a[i], list[i]); err != nil {
				return err
			}
		}
	default:
		if !reflect.DeepEqual(a, b) {
			return fmt.Errorf("%v is not %v", b, a)
		}
	}
	return nil
}

// TestFormatsAreThoseOfTheRelease fails when what is written is other than the newest release's golden rows: a schema
// that has changed needs a release of its own.
func TestFormatsAreThoseOfTheRelease(t *testing.T) {
	t.Parallel()
	written := map[string][]goldenRow{}
	for _, s := range samples() {
		data, err := s.codec.encode(s.value)
		if err != nil {
			t.Fatalf("%s: %s: %v", s.schema, s.name, err)
		}
		text, err := schemas.Releases.MustFormat("eddy." + s.schema).JSON(data)
		if err != nil {
			t.Fatalf("%s: %s: %v", s.schema, s.name, err)
		}
		written[s.schema] = append(written[s.schema], goldenRow{s.name, data, string(text)})
	}
	for schema, rows := range written {
		file := goldenFile(newest(), schema)
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) && *update {
			writeGolden(t, file, rows) // what a release has stored never changes, so no file is written twice
		}
		if got := readGolden(t, file); !reflect.DeepEqual(got, rows) {
			t.Errorf("the format of %s is not that of release %s. A format that was released never changes: "+
				"doc/UPGRADING.md says how a schema changes.", schema, newest())
		}
	}
}

func writeGolden(t *testing.T, file string, rows []goldenRow) {
	t.Helper()
	var b bytes.Buffer
	for _, r := range rows {
		fmt.Fprintf(&b, "%s\n%x\n%s\n", r.name, r.data, r.json)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// since names the release that brought a type, where it was not the first.
var since = map[string]string{"CascadePart": "v2", "LinksPart": "v2", "RequestPart": "v2"}

// TestWritesAsEveryRelease reads the golden rows of every release and writes them as that release does. The release, which
// knows its own schema only, reads of them what it wrote.
func TestWritesAsEveryRelease(t *testing.T) {
	t.Parallel()
	for _, release := range schemas.Releases.Names() {
		all := schemas.New()
		if err := all.Write(release); err != nil {
			t.Errorf("%v: workers of %s have to be stopped first: take it out of schemas.Beside, and out of this test", err, release)
			continue
		}
		for _, s := range samples() {
			if slices.Index(schemas.Releases.Names(), release) < slices.Index(schemas.Releases.Names(), since[s.schema]) {
				continue // it is not read by workers of that release
			}
			format := all.MustFormat("eddy." + s.schema)
			codec := codecs.Avro[any](format)
			for _, row := range readGolden(t, goldenFile(release, s.schema)) {
				value, err := codec.Decode(row.data)
				if err != nil {
					t.Fatalf("%s: %s: %s: %v", release, s.schema, row.name, err)
				}
				data, err := codec.Encode(value)
				if err != nil {
					t.Fatalf("%s: %s: %s: %v", release, s.schema, row.name, err)
				}
				header, _ := codecs.SingleObjectHeader(data)
				if want, _ := codecs.SingleObjectHeader(row.data); !bytes.Equal(header, want) {
					t.Errorf("%s: %s: %s: written with header %x, want %x", release, s.schema, row.name, header, want)
				}
				text, err := format.JSON(data)
				if err != nil {
					t.Fatalf("%s: %s: %s: %v", release, s.schema, row.name, err)
				}
				if err := agree(parse(t, []byte(row.json)), parse(t, text)); err != nil {
					t.Errorf("%s: %s: %s: %v", release, s.schema, row.name, err)
				}
			}
		}
	}
}
