//go:build kafka

package integration_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// mistake is a record that is no event of the wiki that is judged.
type mistake struct {
	name   string
	record *kgo.Record
	why    string // it is a dead letter that says so
	fate   fate
}

// fate is what becomes of a record.
type fate int

const (
	dies fate = iota
	isUsed
	isDropped
)

// mistakes are what people send who know no more than the names of the topics.
func (f *foreign) mistakes() (list []mistake) {
	f.t.Helper()
	const change = `{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"m"},"wiki_id":"mistakes","dt":"2026-01-01T00:00:00Z","page_change_kind":"edit",` +
		`"page":{"page_id":9,"page_title":"P9","namespace_id":0},"revision":{"rev_id":9}}`
	const render = `{"$schema":"/eddy/render/1.0.0","meta":{"id":"m"},"wiki_id":"mistakes","dt":"2026-01-01T00:00:10Z","page":{"page_id":9,"page_title":"P9",` +
		`"namespace_id":0},"revision":{"rev_id":9},"closure":"complete","links":{}}`
	decoded, err := events.RenderJSON().Decode([]byte(render))
	if err != nil {
		f.t.Fatal(err)
	}
	avro, err := events.RenderCodec().Encode(decoded)
	if err != nil {
		f.t.Fatal(err)
	}
	add := func(topic, name, why string, value []byte) *kgo.Record {
		m := mistake{name: name, record: &kgo.Record{Topic: topic, Partition: int32(len(list)) % foreignRenders, Value: value}, why: why}
		list = append(list, m)
		return m.record
	}
	changes, renders := tables.IncomingPageChanges.Topic(), tables.IncomingRenders.Topic()
	badChange := func(name, why, old, instead string) {
		if !strings.Contains(change, old) {
			f.t.Fatalf("%s: there is no %s", name, old)
		}
		add(changes, name, why, []byte(strings.Replace(change, old, instead, 1)))
	}
	badRender := func(name, why, old, instead string) {
		if !strings.Contains(render, old) {
			f.t.Fatalf("%s: there is no %s", name, old)
		}
		add(renders, name, why, []byte(strings.Replace(render, old, instead, 1)))
	}

	// No events at all.
	add(changes, "garbage", "no id of a schema", []byte("\x00\xff\x13garbage"))
	add(changes, "a text", "neither JSON", []byte("hello"))
	add(changes, "empty value", "empty", []byte{})
	add(changes, "null", "neither JSON", []byte("null"))
	add(changes, "tombstone", "no value", nil).Key = []byte("mistakes:9")
	add(renders, "tombstone of a render", "no value", nil).Key = []byte("mistakes:9")
	add(renders, "neither key nor value", "no value", nil)
	add(changes, "a list of events", "list", []byte("["+change+"]"))
	add(changes, "two events in one", "after top-level value", []byte(change+"\n"+change))
	add(changes, "JSON within JSON", "twice", []byte(`"{}"`))
	add(changes, "a byte order mark", "byte order mark", []byte("\xef\xbb\xbf"+change))
	add(changes, "UTF-16", "UTF-16", []byte("\xff\xfe{\x00"))
	add(changes, "gzip in the value", "compression.type", []byte("\x1f\x8b\x08rest"))
	add(renders, "an Avro file", "file", []byte("Obj\x01rest"))
	add(renders, "Avro without a header", "tells no schema", avro[10:])
	add(renders, "half an event", "decode eddy.Render", avro[:40])
	add(renders, "another's single object", "unknown writer schema", append([]byte{0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8}, avro[10:]...))
	add(renders, "an endless list", "decode eddy.Render", append(avro[:40:40], "\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"...))
	add(renders, "a schema that nobody has", "id 404", wired(404, avro[10:]))
	add(renders, "a schema of page changes", "schema id 78", wired(jsonSchema, avro[10:]))
	add(changes, "a pack that is none", "cannot read pack", []byte("x")).Headers = []kgo.RecordHeader{{Key: "eddy-pack", Value: []byte("1")}}
	add(changes, "an epoch that is none", "eddy-epoch", []byte(change)).Headers = []kgo.RecordHeader{{Key: "eddy-epoch", Value: []byte("x")}}
	// In the wrong topic.
	add(changes, "a render among changes", "no page change", []byte(render))
	add(changes, "an Avro render among changes", "page changes", avro)
	add(renders, "a change among renders", "no render", []byte(change))
	// With wrong fields.
	badChange("no schema", "$schema", `"$schema":"/mediawiki/page/change/1.2.0",`, ``)
	badChange("version 2", "2.0.0", "1.2.0", "2.0.0")
	badChange("another stream", "unknown schema", "/mediawiki/page/change/1.2.0", "/mediawiki/revision/create/1.0.0")
	badChange("no wiki", "wiki", `"wiki_id":"mistakes",`, ``)
	badChange("a wiki that is a host", "", `"mistakes"`, `"en.wikipedia.org"`)
	list[len(list)-1].fate = isUsed // names are the user's
	badChange("a wiki that is a path", "unknown wiki", `"mistakes"`, `"../../x"`)
	badChange("a wiki of two words", "unknown wiki", `"mistakes"`, `"En Wiki"`)
	badChange("page 0", "page_id", `"page_id":9`, `"page_id":0`)
	badChange("page -1", "page_id", `"page_id":9`, `"page_id":-1`)
	badChange("page 2^63", "page_id", `"page_id":9`, `"page_id":9223372036854775808`)
	badChange("a page as a text", "page_id", `"page_id":9`, `"page_id":"9"`)
	badChange("a page as a fraction", "page_id", `"page_id":9`, `"page_id":1.5`)
	badChange("no title", "page_title", `"page_title":"P9",`, ``)
	badChange("a title that is none", "page_title", `"P9"`, `"A[b]"`)
	badChange("a long title", "page_title", `"P9"`, `"`+strings.Repeat("x", 10_000)+`"`)
	badChange("a namespace that is too large", "namespace_id", `"namespace_id":0`, `"namespace_id":2147483648`)
	badChange("a kind that is none", "page_change_kind", `"edit"`, `"frobnicate"`)
	badChange("no kind", "page_change_kind", `"page_change_kind":"edit",`, ``)
	badChange("a time that is none", "dt", `"2026-01-01T00:00:00Z"`, `"yesterday"`)
	badChange("a time as a number", "dt", `"2026-01-01T00:00:00Z"`, `1700000000`)
	badChange("a time of year 0", "dt", `"2026-`, `"0000-`)
	badChange("a name twice", "duplicate", `"wiki_id"`, `"wiki_id":"x","wiki_id"`)
	badChange("no UTF-8", "UTF-8", "P9", "P\xff")
	badChange("a NUL", "invalid character", `{"$schema"`, "{\x00\"$schema\"")
	badRender("no closure", "closure", `"closure":"complete",`, ``)
	badRender("another closure", "closure", `"complete"`, `"all"`)
	badRender("no links", "links", `,"links":{}`, ``)
	badRender("links that are null", "links", `"links":{}`, `"links":null`)
	badRender("a scope that is none", "", `"links":{}`, `"links":{"template":[{"namespace_id":10,"title":"T","scope":"galaxy"}]}`)
	list[len(list)-1].fate = isUsed // without the link
	badRender("page 0 of a render", "page_id", `"page_id":9`, `"page_id":0`)
	list[len(list)-1].record.Timestamp = time.Unix(1, 0)
	link := `{"namespace_id":0,"title":"A_title_that_is_as_long_as_titles_are"},`
	badRender("larger than can be sent on", "too large", `"links":{}`, `"links":{"page":[`+strings.Repeat(link, 40_000)+link[:len(link)-1]+`]}`)
	badChange("a canary, whatever else is in it", "", `"meta":{"id":"m"},"wiki_id":"mistakes"`, `"meta":{"id":"m","domain":"canary"},"wiki_id":"En Wiki"`)
	list[len(list)-1].fate = isDropped
	return list
}

// produceMistakes sends them, and refuses none itself.
func (f *foreign) produceMistakes(list []mistake) {
	f.t.Helper()
	c := f.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for _, m := range list {
		if err := c.ProduceSync(f.ctx, m.record).FirstErr(); err != nil {
			f.t.Fatalf("%s: %v", m.name, err)
		}
	}
}

// wantMistakes holds the dead letters against the mistakes: each is one, with its reason, and nothing else is. It
// returns how many are used all the same.
func (f *foreign) wantMistakes(list []mistake) (used int) {
	f.t.Helper()
	letters, err := topology.OpenDeadLetters("eddy", f.cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	defer letters.Close()
	found := map[string]string{}
	for l, err := range letters.All(f.ctx) {
		if err != nil {
			f.t.Fatal(err)
		}
		at := spot(l.Topic, l.Partition, l.Offset)
		if _, twice := found[at]; twice {
			err = errors.New("it is there twice")
		}
		if want := map[string]string{tables.IncomingPageChanges.Topic(): "change-intake", tables.IncomingRenders.Topic(): "render-intake"}[l.Topic]; l.Processor != want {
			err = fmt.Errorf("by %q, not %q", l.Processor, want)
		}
		if err != nil || l.Error == "" || len(l.Error) > 2<<10 {
			f.t.Errorf("the letter of %s has %d bytes of error: %v", at, len(l.Error), err)
		}
		found[at] = l.Error
	}
	for _, m := range list {
		at := spot(m.record.Topic, m.record.Partition, m.record.Offset)
		why, dead := found[at]
		delete(found, at)
		if dead != (m.fate == dies) || !strings.Contains(why, m.why) {
			f.t.Errorf("%s: a dead letter is %t, and says %q, not %q", m.name, dead, why, m.why)
		}
		if m.fate == isUsed {
			used++
		}
	}
	for at, why := range found {
		f.t.Errorf("%s is no mistake: %s", at, why)
	}
	return used
}
