package codecs_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
)

// TestFingerprints has those of Avro's own tests, and one that Python's fastavro computes.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"null"`:            "63dd24e7cc258f8a",
		`"int"`:             "7275d51a3f395c8f",
		`{"type":"long"}`:   "d054e14493f41db7",
		`{"type":"string"}`: "8f014872634503c7",
		renders.String():    "8b9afc1abf70469d",
	} {
		if got := codecs.MustSchema(text).Fingerprint().String(); got != want {
			t.Errorf("%.40s: fingerprint %s, want %s", text, got, want)
		}
	}
}

type generic = map[string]any

func mustFormat(t testing.TB, current *codecs.Schema, others ...*codecs.Schema) *codecs.Format {
	t.Helper()
	f, err := codecs.NewFormat(current, others...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFormatsResolve draws a schema and one that follows it by what Avro allows, and holds what each reads of the other
// against the rules, done by hand over whole values.
func TestFormatsResolve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &drawing{T: t}
		was := d.record(2)
		now := d.evolve(was, false)
		old, next := codecs.MustSchema(was.schemaText()), codecs.MustSchema(now.schemaText())
		format, err := codecs.NewFormat(next, old)
		if err != nil {
			t.Fatalf("%v\nold %s\nnew %s", err, old, next)
		}
		v := d.value(was)
		data, err := codecs.Avro[any](codecs.MustFormat(old)).Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codecs.Avro[any](format).Decode(data)
		if err != nil {
			t.Fatalf("%v\nold %s\nnew %s", err, old, next)
		}
		if diff := cmp.Diff(read(was, now, v, false), got, cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("-want +got\n%s\nold %s\nnew %s", diff, old, next)
		}
		if old.Fingerprint() == next.Fingerprint() {
			return
		}
		again, err := codecs.Avro[any](format).Encode(got)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := codecs.Avro[any](codecs.MustFormat(old)).Decode(again); !errors.Is(err, codecs.ErrUnknownSchema) {
			t.Fatalf("a former release read a newer one's value as %v, %v", v, err)
		}
	})
}

// TestFormatsWriteAsBefore draws a schema and one that follows it so that both read each other, and lets the new one
// write as the old one does.
func TestFormatsWriteAsBefore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &drawing{T: t}
		was := d.record(2)
		now := d.evolve(was, true)
		old, next := codecs.MustSchema(was.schemaText()), codecs.MustSchema(now.schemaText())
		format, err := codecs.NewFormat(next, old)
		if err != nil {
			t.Fatalf("%v\nold %s\nnew %s", err, old, next)
		}
		if err := format.Write(old); err != nil {
			t.Fatalf("%v\nold %s\nnew %s", err, old, next)
		}
		v := d.value(now)
		data, err := codecs.Avro[any](format).Encode(v)
		if err != nil {
			t.Fatalf("%v\nold %s\nnew %s", err, old, next)
		}
		got, err := codecs.Avro[any](codecs.MustFormat(old)).Decode(data)
		if err != nil {
			t.Fatalf("%v\nold %s\nnew %s", err, old, next)
		}
		if diff := cmp.Diff(read(now, was, v, true), got, cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("-want +got\n%s\nold %s\nnew %s", diff, old, next)
		}
		if _, err := codecs.Avro[any](format).Decode(data); err != nil {
			t.Fatalf("the new release cannot read what it wrote as the old one: %v", err)
		}
	})
}

const one = `{"type":"record","name":"shop.Order","fields":[{"name":"item","type":"string"},{"name":"count","type":"int"}]}`

func TestFormatsThatDoNotResolve(t *testing.T) {
	t.Parallel()
	old := codecs.MustSchema(one)
	for _, c := range []struct{ name, text, field string }{
		{"added without a default", `{"type":"record","name":"shop.Order","fields":[{"name":"item","type":"string"},{"name":"price","type":"long"}]}`, `field "price"`},
		{"another type", `{"type":"record","name":"shop.Order","fields":[{"name":"item","type":"string"},{"name":"count","type":"boolean"}]}`, `field "count"`},
		{"another record", `{"type":"record","name":"shop.Bill","fields":[{"name":"item","type":"string"}]}`, "shop.Bill"},
	} {
		next := codecs.MustSchema(c.text)
		_, err := codecs.NewFormat(next, old)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, want := range []string{c.field, next.Name(), next.Fingerprint().String(), old.Name(), old.Fingerprint().String()} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error with %q", c.name, err, want)
			}
		}
	}
}

// TestLogicalTypesDoNotChange holds what Avro's rules and fingerprints do not see.
func TestLogicalTypesDoNotChange(t *testing.T) {
	t.Parallel()
	at := func(logical, more string) *codecs.Schema {
		return codecs.MustSchema(`{"type":"record","name":"R","fields":[{"name":"list","type":{"type":"array","items":["null",
			{"type":"record","name":"S","fields":[{"name":"at","type":{"type":"long"` + logical + `}}` + more + `]}]}}]}`)
	}
	const millis, micros = `,"logicalType":"timestamp-millis"`, `,"logicalType":"timestamp-micros"`
	if at(millis, "").Fingerprint() != at(micros, "").Fingerprint() {
		t.Fatal("fingerprints tell logical types apart")
	}
	for _, more := range []string{"", `,{"name":"new","type":"int","default":0}`} {
		_, err := codecs.NewFormat(at(micros, more), at(millis, ""))
		if err == nil || !strings.Contains(err.Error(), `field "list.items.at"`) {
			t.Errorf("%v, want an error that names the field", err)
		}
		if _, err := codecs.NewFormat(at(millis, more), at("", "")); err != nil {
			t.Errorf("a logical type was added: %v", err)
		}
	}
}

func TestFormatWriteRefuses(t *testing.T) {
	t.Parallel()
	old := codecs.MustSchema(one)
	wider := codecs.MustSchema(strings.Replace(one, `"int"`, `"long"`, 1))
	format := mustFormat(t, wider, old)
	err := format.Write(old)
	if err == nil || !strings.Contains(err.Error(), `field "count"`) || !strings.Contains(err.Error(), old.Fingerprint().String()) {
		t.Errorf("%v, want an error that names field and schema", err)
	}
	data, err := codecs.Avro[generic](format).Encode(generic{"item": "tea", "count": int64(1) << 40})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := codecs.Avro[generic](format).Decode(data); err != nil || got["count"] != int64(1)<<40 {
		t.Errorf("the refused schema was written: %v, %v", got, err)
	}
	if err := format.Write(renders); !errors.Is(err, codecs.ErrNoSchema) {
		t.Errorf("%v, want ErrNoSchema", err)
	}
	if err := format.Write(wider); err != nil {
		t.Error(err)
	}
}

// TestFormatWritesStructsAsBefore writes Go structs of a release that added, renamed and dropped fields as the release
// before did.
func TestFormatWritesStructsAsBefore(t *testing.T) {
	t.Parallel()
	type before struct {
		Item  string `avro:"item"`
		Count int32  `avro:"count"`
	}
	type after struct {
		Price  int64  `avro:"price"`
		Item   string `avro:"item"`
		Amount int32  `avro:"amount"`
	}
	old := codecs.MustSchema(one)
	for _, c := range []struct{ name, text string }{
		{"added", `{"type":"record","name":"shop.Order","fields":[{"name":"price","type":"long","default":5},{"name":"item","type":"string"},{"name":"count","type":"int"},
			{"name":"amount","type":"int","default":0}]}`},
		{"renamed", `{"type":"record","name":"shop.Order","fields":[{"name":"price","type":"long","default":5},{"name":"item","type":"string"},
			{"name":"amount","type":"int","aliases":["count"]}]}`},
	} {
		format := mustFormat(t, codecs.MustSchema(c.text), old)
		if err := format.Write(old); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var data []byte
		var err error
		if c.name == "added" {
			type both struct {
				after
				Count int32 `avro:"count"`
			}
			data, err = codecs.Avro[both](format).Encode(both{after{9, "tea", 0}, 3})
		} else {
			data, err = codecs.Avro[after](format).Encode(after{9, "tea", 3})
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, err := codecs.Avro[before](mustFormat(t, old)).Decode(data); err != nil || got != (before{"tea", 3}) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

// TestUnknownSchema is an older program that meets a newer one's value: it learns what to do, and no value.
func TestUnknownSchema(t *testing.T) {
	t.Parallel()
	old := codecs.MustSchema(one)
	// The same fields in another order: without a header it would be read wrongly.
	next := codecs.MustSchema(`{"type":"record","name":"shop.Order","fields":[{"name":"count","type":"int"},{"name":"item","type":"string"}]}`)
	data, err := codecs.Avro[generic](mustFormat(t, next, old)).Encode(generic{"item": "tea", "count": int32(3)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := codecs.Avro[generic](mustFormat(t, old)).Decode(data)
	if !errors.Is(err, codecs.ErrUnknownSchema) || got != nil {
		t.Fatalf("%v, %v, want ErrUnknownSchema", got, err)
	}
	for _, want := range []string{"shop.Order", next.Fingerprint().String(), old.Fingerprint().String(), "newer release"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
	// A program that was told of the newer schema resolves.
	if got, err := codecs.Avro[generic](mustFormat(t, old, next)).Decode(data); err != nil || got["item"] != "tea" {
		t.Errorf("%v, %v", got, err)
	}
	for _, data := range []string{"", "\xc3\x01", "plain bytes of somebody else"} {
		if got, err := codecs.Avro[generic](mustFormat(t, old)).Decode([]byte(data)); !errors.Is(err, codecs.ErrNoHeader) {
			t.Errorf("%q: %v, %v, want ErrNoHeader", data, got, err)
		}
	}
}

func TestAvroIsSingleObject(t *testing.T) {
	t.Parallel()
	v := sample()
	data, err := codecs.Avro[rendering](rendersFormat).Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := codecs.PlainAvro[rendering](renders).Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	if want := append([]byte("\xc3\x01\x9d\x46\x70\xbf\x1a\xfc\x9a\x8b"), plain...); !bytes.Equal(data, want) {
		t.Errorf("wrote %x, want %x", data, want)
	}
	got, err := codecs.Avro[rendering](rendersFormat).Decode(data)
	if err != nil || got.Page != v.Page {
		t.Errorf("%+v, %v", got, err)
	}
	text, err := rendersFormat.JSON(data)
	if want, err2 := renders.JSON(plain); err != nil || err2 != nil || !bytes.Equal(text, want) {
		t.Errorf("rendered %s, %v", text, err)
	}
	for n := range data {
		if v, err := codecs.Avro[rendering](rendersFormat).Decode(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes: %+v", n, len(data), v)
		}
	}
	if v, err := codecs.Avro[rendering](rendersFormat).Decode(append(bytes.Clone(data), 0)); err == nil {
		t.Errorf("a byte left over: %+v", v)
	}
}

// FuzzFormat reads arbitrary bytes by a codec with a former schema: they are an error, or a value that is written and
// read again as it is.
func FuzzFormat(f *testing.F) {
	old := codecs.MustSchema(one)
	next := codecs.MustSchema(`{"type":"record","name":"shop.Order","fields":[
		{"name":"amount","type":"long","aliases":["count"]},{"name":"item","type":"bytes"},{"name":"notes","type":{"type":"array","items":"string"},"default":[]}]}`)
	format := mustFormat(f, next, old)
	codec := codecs.Avro[generic](format)
	former, err := codecs.Avro[generic](mustFormat(f, old)).Encode(generic{"item": "tea", "count": int32(3)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(former)
	current, err := codec.Encode(generic{"item": []byte("tea"), "amount": int64(3), "notes": []any{"a", "b"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(current)
	f.Add([]byte("\xc3\x0112345678"))
	f.Fuzz(func(t *testing.T, data []byte) {
		header, ok := codecs.SingleObjectHeader(data)
		if ok && (len(header) != 10 || !bytes.HasPrefix(data, header)) {
			t.Fatalf("header %x of %x", header, data)
		}
		v, err := codec.Decode(data)
		_, jsonErr := format.JSON(data)
		if err != nil {
			return
		}
		if !ok || jsonErr != nil {
			t.Fatalf("read %v of %x: header %v, JSON %v", v, data, ok, jsonErr)
		}
		again, err := codec.Encode(v)
		if err != nil {
			t.Fatalf("read, but not written: %v", err)
		}
		got, err := codec.Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
