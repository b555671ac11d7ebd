package codecs_test

import (
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/eddystream/eddy/codecs"
)

// Visit is the row of a table. Its second release counts seconds, too.
type Visit struct {
	Page    string `avro:"page"`
	Times   int64  `avro:"times"`
	Seconds int64  `avro:"seconds"`
}

// A row that an earlier release of the program wrote is read by the schema of the present one.
func ExampleAvro() {
	first := codecs.MustSchema(`{"type": "record", "name": "site.Visit", "fields": [
		{"name": "page", "type": "string"}, {"name": "times", "type": "int"}]}`)
	second := codecs.MustSchema(`{"type": "record", "name": "site.Visit", "fields": [
		{"name": "page", "type": "string"}, {"name": "times", "type": "long"}, {"name": "seconds", "type": "long", "default": 0}]}`)

	row, err := codecs.Avro[map[string]any](codecs.MustFormat(first)).Encode(map[string]any{"page": "/", "times": 3})
	if err != nil {
		fmt.Println(err)
	}
	visit, err := codecs.Avro[Visit](codecs.MustFormat(second, first)).Decode(row)
	fmt.Printf("% x\n%+v %v\n", row, visit, err)
	// Output:
	// c3 01 4d 2e 83 79 6a 30 1e ad 02 2f 06
	// {Page:/ Times:3 Seconds:0} <nil>
}

// A program keeps the schema files of all its releases, a folder for each, usually embedded. While workers of the last
// release still run, the new ones write what those can read.
func ExampleReleases() {
	visits := codecs.MustReleases(
		codecs.Release{Name: "v1", Files: fstest.MapFS{"visit.avsc": {Data: []byte(
			`{"type": "record", "name": "site.Visit", "fields": [{"name": "page", "type": "string"}, {"name": "times", "type": "long"}]}`)}}},
		codecs.Release{Name: "v2", Files: fstest.MapFS{"visit.avsc": {Data: []byte(
			`{"type": "record", "name": "site.Visit", "fields": [{"name": "page", "type": "string"}, {"name": "times", "type": "long"},
				{"name": "seconds", "type": "long", "default": 0}]}`)}}},
	)
	rows := codecs.Avro[Visit](visits.MustFormat("site.Visit"))
	for _, release := range visits.Names() {
		if err := visits.Write(release); err != nil {
			fmt.Println(err)
		}
		data, err := rows.Encode(Visit{"/", 3, 40})
		if err != nil {
			fmt.Println(err)
		}
		text, err := visits.JSON(data)
		fmt.Println(release, string(text), err)
	}
	_, err := visits.JSON([]byte("\xc3\x01 of a later release"))
	fmt.Println(errors.Is(err, codecs.ErrUnknownSchema))
	// Output:
	// v1 {"page":"/","times":3} <nil>
	// v2 {"page":"/","times":3,"seconds":40} <nil>
	// true
}
