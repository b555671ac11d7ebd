package integration_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
)

// place is where poison is to be written.
type place struct {
	wiki, topic string
	page        int64  // one that the wiki has
	key, value  []byte // of a record that the topic has; nil: it has none yet
	id          string // of the record that is made
}

// poison is a kind of record that no reader of a topic can do anything with.
type poison struct {
	name string
	// in is the topic that it is for. Defaults to every topic of the pipeline.
	in string
	// make returns the record, nil if the topic has nothing that it could be made of.
	make func(p place) *kgo.Record
	// reason is what is said of it, among other things.
	reason string
	// one says that only one of the topic's readers has to mind.
	one bool
	// keyless says that there is no key, so that a broker refuses it for a table.
	keyless bool
	// odd says that it is no poison: nobody minds.
	odd bool
}

// garbage is no value of any topic.
var garbage = []byte("\xff\xfegarbage")

// poisons are all kinds.
func poisons() []poison {
	return append(append(garbledPoisons(), damagedPoisons()...), append(changePoisons(), renderPoisons()...)...)
}

// under makes records of a value under a key that the topic has.
func under(value func(p place) []byte) func(p place) *kgo.Record {
	return func(p place) *kgo.Record {
		v := value(p)
		if v == nil {
			return nil
		}
		return &kgo.Record{Key: p.key, Value: v}
	}
}

func text(s string) func(p place) *kgo.Record {
	return under(func(place) []byte { return []byte(s) })
}

func header(key, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: key, Value: []byte(value)}
}

// headed makes records of garbage with headers.
func headed(headers ...kgo.RecordHeader) func(p place) *kgo.Record {
	return func(p place) *kgo.Record { return &kgo.Record{Key: p.key, Value: garbage, Headers: headers} }
}

// packed makes records that say that they are packs.
func packed(body func(p place) []byte) func(p place) *kgo.Record {
	return func(p place) *kgo.Record {
		b := body(p)
		if b == nil {
			return nil
		}
		return &kgo.Record{Key: p.key, Value: b, Headers: []kgo.RecordHeader{header("eddy-pack", "1")}}
	}
}

// packOf is the body of a pack with these keys and values, one after the other.
func packOf(keysAndValues ...[]byte) []byte {
	body := binary.AppendUvarint([]byte{1}, uint64(len(keysAndValues)/2))
	body = append(body, 0, 0, 0) // times and headers; no common prefix
	for i := 0; i < len(keysAndValues); i += 2 {
		body = append(body, 0)
		for _, part := range keysAndValues[i : i+2] {
			body = append(binary.AppendUvarint(body, uint64(len(part))), part...)
		}
	}
	return body
}

// oddities are records of streams that look like poison, and are none: they are passed over without a word.
func oddities() []poison {
	return []poison{
		{name: "tombstone", odd: true, make: func(p place) *kgo.Record { return &kgo.Record{Key: p.key} }},
		{name: "tombstone with headers", odd: true, make: func(p place) *kgo.Record {
			return &kgo.Record{Key: p.key, Headers: []kgo.RecordHeader{{Key: ""}, header("traceparent", "\xff"), header("traceparent", "")}}
		}},
		{name: "garbage for another group", odd: true, make: headed(header("eddy-dlq-for", "some-other-group"))},
		{name: "canary", in: "page-changes", odd: true, make: func(p place) *kgo.Record {
			return &kgo.Record{Key: fmt.Appendf(nil, "%s:%d", p.wiki, p.page), Value: []byte(`{"$schema":"/mediawiki/page/change/1.2.0","meta":{"domain":"canary"},"wiki_id":"x",` +
				`"dt":"2026-01-01T00:00:00Z","page_change_kind":"edit","page":{"page_id":1,"page_title":"[","namespace_id":0},"revision":{"rev_id":9}}`)}
		}},
	}
}

// garbledPoisons are bytes that never were a record of the topic.
func garbledPoisons() []poison {
	other := []byte{0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	at := func(year int) func(p place) *kgo.Record {
		return func(p place) *kgo.Record {
			return &kgo.Record{Key: p.key, Value: garbage, Timestamp: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}
		}
	}
	keyed := func(key []byte) func(p place) *kgo.Record {
		return func(place) *kgo.Record { return &kgo.Record{Key: key, Value: garbage} }
	}
	many := make([]kgo.RecordHeader, 1000)
	for i := range many {
		many[i] = kgo.RecordHeader{Key: "h"} // without a value
	}
	return []poison{
		{name: "garbage", make: text(string(garbage))},
		{name: "empty value", make: text("")},
		{name: "no key", make: keyed(nil), keyless: true},
		{name: "empty key", make: keyed([]byte{})},
		{name: "key that is no UTF-8", make: keyed([]byte("\xff\xff"))},
		{name: "long key", make: keyed(make([]byte, 100_000))},
		{name: "huge value", make: func(p place) *kgo.Record { return &kgo.Record{Key: p.key, Value: make([]byte, 5<<20)} }},
		{name: "unknown schema", make: text(string(other))},
		{name: "cut fingerprint", make: text(string(other[:5]))},
		{name: "cut JSON", make: text(`{"meta":{"id":"x"`)},
		{name: "JSON of another type", make: text(`[1,2,3]`)},
		{name: "JSON that is no UTF-8", make: text("{\"wiki_id\":\"\xff\"}")},
		{name: "JSON with repeated names", make: text(`{"meta":{},"meta":{}}`)},
		{name: "JSON nested without end", make: text(`{"x":` + strings.Repeat("[", 200_000))},
		{name: "JSON with a huge number", make: text(`{"page":{"page_id":1e400}}`)},
		{name: "headers of many bytes", make: headed(header("x", string(make([]byte, 200_000))))},
		{name: "many headers without a value", make: headed(many...)},
		{name: "epoch of nobody", make: headed(header("eddy-epoch", ""))},
		{name: "epoch of noise", make: headed(header("eddy-epoch", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))},
		{name: "epoch out of this world", make: headed(header("eddy-epoch", string(append(binary.AppendUvarint(nil, 1<<61), "\x00pages"...))))},
		{name: "headers of a dead letter", make: headed(header("eddy-dlq-topic", "x"), header("eddy-dlq-replayed", "many"), header("eddy-dlq-index", "-1"))},
		{name: "time of the year 9999", make: at(9999)},
		{name: "time of the year 0", make: at(0)},
		{name: "pack of a newer version", make: packed(func(place) []byte { return []byte{9} })},
		{name: "pack that claims much", make: packed(func(place) []byte { return []byte("\x01\xff\xff\xff\xff\x07") })},
		{name: "empty pack", make: packed(func(place) []byte { return []byte{} })},
		{name: "pack of garbage", make: packed(func(p place) []byte { return packOf(p.key, garbage, p.key, garbage) })},
		{name: "pack with garbage between tombstones", make: packed(func(p place) []byte {
			// Version, count, time, headers, restored; a tombstone has the flag 2.
			body := append([]byte{1, 3, 0, 0, 0, 2, byte(len(p.key))}, p.key...)
			body = append(append(body, 0, byte(len(p.key))), p.key...)
			body = append(append(body, byte(len(garbage))), garbage...)
			return append(append(body, 2, byte(len(p.key))), p.key...)
		})},
	}
}

// damagedPoisons are records of the topic itself, with something wrong.
func damagedPoisons() []poison {
	damaged := func(damage func(v []byte) []byte) func(p place) *kgo.Record {
		return under(func(p place) []byte {
			if p.value == nil {
				return nil
			}
			return damage(bytes.Clone(p.value))
		})
	}
	pack := func(damage func(body []byte) []byte) func(p place) *kgo.Record {
		return packed(func(p place) []byte {
			if p.value == nil {
				return nil
			}
			return damage(packOf(p.key, p.value, p.key, p.value))
		})
	}
	return []poison{
		{name: "cut value", make: damaged(func(v []byte) []byte { return v[:len(v)-1] })},
		{name: "value cut in half", make: damaged(func(v []byte) []byte { return v[:len(v)/2] })},
		{name: "bytes behind the value", make: damaged(func(v []byte) []byte { return append(v, "}\x00"...) })},
		{name: "another first byte", make: damaged(func(v []byte) []byte { v[0] ^= 0x40; return v })},
		{name: "Confluent's framing", make: damaged(func(v []byte) []byte { return append([]byte{0, 0, 0, 0, 1}, v...) })},
		{name: "another fingerprint", make: func(p place) *kgo.Record {
			if !bytes.HasPrefix(p.value, []byte{0xc3, 0x01}) {
				return nil
			}
			v := bytes.Clone(p.value)
			v[4] ^= 1
			return &kgo.Record{Key: p.key, Value: v}
		}},
		{name: "good value, key of another kind", make: func(p place) *kgo.Record {
			if p.value == nil {
				return nil
			}
			return &kgo.Record{Key: []byte("no key:of any:kind:\x00"), Value: p.value}
		}},
		{name: "good value that says it is a pack", make: packed(func(p place) []byte {
			if strings.HasSuffix(p.topic, "-table") || strings.HasSuffix(p.topic, "-changelog") {
				return nil // a row: of tables, headers say nothing
			}
			return p.value
		})},
		{name: "pack that is cut", make: pack(func(b []byte) []byte { return b[:len(b)-3] })},
		{name: "pack with bytes behind it", make: pack(func(b []byte) []byte { return append(b, 0) })},
		{name: "pack of fewer than it says", make: pack(func(b []byte) []byte { b[1]++; return b })},
		{name: "pack of more than it says", make: pack(func(b []byte) []byte { b[1]--; return b })},
	}
}

// changePoisons are page changes that can be read as JSON, or nearly.
func changePoisons() []poison {
	const good = `{"$schema":"/mediawiki/page/change/1.2.0","meta":{"id":"ID","domain":"test"},"wiki_id":"WIKI","dt":"2026-02-03T04:05:06Z",` +
		`"page_change_kind":"edit","page":{"page_id":PAGE,"page_title":"Poison","namespace_id":0,"is_redirect":false},"revision":{"rev_id":9}}`
	event := func(p place) string {
		return strings.NewReplacer("ID", p.id, "WIKI", p.wiki, "PAGE", strconv.FormatInt(p.page, 10)).Replace(good)
	}
	key := func(p place) []byte { return fmt.Appendf(nil, "%s:%d", p.wiki, p.page) }
	with := func(name, old, replaced, reason string) poison {
		return poison{name: name, in: "page-changes", reason: reason, make: func(p place) *kgo.Record {
			return &kgo.Record{Key: key(p), Value: []byte(strings.Replace(event(p), old, replaced, 1))}
		}}
	}
	under := func(name string, key func(p place) []byte) poison {
		return poison{name: name, in: "page-changes", make: func(p place) *kgo.Record { return &kgo.Record{Key: key(p), Value: []byte(event(p))} }}
	}
	page := func(name, id, reason string) poison {
		return poison{name: name, in: "page-changes", reason: reason, make: func(p place) *kgo.Record {
			value := strings.Replace(event(p), fmt.Sprintf(`"page_id":%d`, p.page), `"page_id":`+id, 1)
			return &kgo.Record{Key: []byte(p.wiki + ":" + id), Value: []byte(value)}
		}}
	}
	return []poison{
		page("page without a number", "0", "page_id"),
		page("page of a negative number", "-7", "key"),
		page("page beyond 63 bits", "9223372036854775808", ""),
		page("page beyond 64 bits", "99999999999999999999", ""),
		under("change without a key", func(place) []byte { return nil }),
		under("change of another page than its key's", func(p place) []byte { return fmt.Appendf(nil, "%s:%d", p.wiki, p.page+256) }),
		under("change of another wiki than its key's", func(p place) []byte { return fmt.Appendf(nil, "other:%d", p.page) }),
		under("change with a key of JSON", func(p place) []byte { return fmt.Appendf(nil, `{"wiki_id":%q,"page_id":%d}`, p.wiki, p.page) }),
		{name: "change of a wiki that is none", in: "page-changes", make: func(p place) *kgo.Record {
			p.wiki = "../../x"
			return &kgo.Record{Key: key(p), Value: []byte(event(p))}
		}},
		{name: "change of a wiki with a long name", in: "page-changes", make: func(p place) *kgo.Record {
			p.wiki = strings.Repeat("wiki", 10_000)
			return &kgo.Record{Key: key(p), Value: []byte(event(p))}
		}},
		{name: "change of a wiki that is not known", in: "page-changes", reason: "unknown wiki", make: func(p place) *kgo.Record {
			p.wiki = "strangewiki"
			return &kgo.Record{Key: key(p), Value: []byte(event(p))}
		}},
		with("change of the year 9999", `"dt":"2026`, `"dt":"9999`, "dt"),
		with("change of the year 0", `"dt":"2026`, `"dt":"0000`, "dt"),
		with("change at no time", "2026-02-03T04:05:06Z", "yesterday", "dt"),
		with("revision below 0", `"rev_id":9`, `"rev_id":-9`, "rev_id"),
		with("revision that is a text", `"rev_id":9`, `"rev_id":"9"`, "rev_id"),
		with("no kind of change", `"edit"`, `"burn"`, "page_change_kind"),
		with("no title", `"Poison"`, `""`, "page_title"),
		with("title with a bracket", `"Poison"`, `"A[b]"`, "title"),
		with("title of 300 bytes", `"Poison"`, `"`+strings.Repeat("Lo", 150)+`"`, "255 bytes"),
		with("title of a million bytes", `"Poison"`, `"`+strings.Repeat("Long", 250_000)+`"`, "255 bytes"),
		with("namespace beyond 32 bits", `"namespace_id":0`, `"namespace_id":9999999999`, "namespace_id"),
		with("newer version of the event", "change/1.2.0", "change/2.0.0", "version 1"),
		with("event of another stream", "page/change/1.2.0", "revision/create/1.0.0", "schema"),
		with("canary without fields", `"domain":"test"},"wiki_id":"`, `"domain":"canary"},"no_id":"`, "wiki_id"),
	}
}

// renderPoisons are renders in Avro of the right schema.
func renderPoisons() []poison {
	codec := schemas.Codec[events.Render]("Render")
	good := func(p place) *events.Render {
		return &events.Render{
			Meta: events.Meta{ID: p.id, Domain: "test"}, Wiki: p.wiki, Start: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
			Page: events.RenderPage{ID: p.page, Title: "Poison"}, Revision: events.RenderRevision{ID: 9}, Closure: events.Direct,
			Links: events.Links{Page: []events.TitleLink{{Title: "Target"}}},
		}
	}
	encode := func(r *events.Render) []byte {
		data, err := codec.Encode(*r)
		if err != nil {
			panic(err) // of a literal
		}
		return data
	}
	key := func(r *events.Render) []byte {
		return []byte(tables.PageKey{Wiki: r.Wiki, ID: r.Page.ID}.String())
	}
	with := func(name, reason string, one bool, spoil func(r *events.Render)) poison {
		return poison{name: name, in: "renders", reason: reason, one: one, make: func(p place) *kgo.Record {
			r := good(p)
			spoil(r)
			return &kgo.Record{Key: key(r), Value: encode(r)}
		}}
	}
	bytewise := func(name string, one bool, old, replaced string) poison {
		return poison{name: name, in: "renders", one: one, make: func(p place) *kgo.Record {
			r := good(p)
			return &kgo.Record{Key: key(r), Value: bytes.Replace(encode(r), []byte(old), []byte(replaced), 1)}
		}}
	}
	return []poison{
		with("render of page 0", "page_id", false, func(r *events.Render) { r.Page.ID = 0 }),
		with("render of a page below 0", "key", false, func(r *events.Render) { r.Page.ID = -1 << 40 }),
		with("render of the year 9999", "dt", false, func(r *events.Render) { r.Start = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }),
		with("render before there were computers", "dt", false, func(r *events.Render) { r.Start = time.UnixMilli(math.MinInt64 / 2) }),
		with("render of a wiki that is not known", "unknown wiki", true, func(r *events.Render) { r.Wiki = "strangewiki" }),
		bytewise("list without end", false, "\x0cTarget", "\xfe\xff\xff\xff\xff\xff\xff\xff\x7fTarget"),
		{name: "render of another page than its key's", in: "renders", one: true, make: func(p place) *kgo.Record {
			return &kgo.Record{Key: fmt.Appendf(nil, "%s:%d", p.wiki, p.page+256), Value: encode(good(p))}
		}},
		{name: "render without a key", in: "renders", one: true, make: func(p place) *kgo.Record {
			return &kgo.Record{Value: encode(good(p))}
		}},
		{name: "render in JSON", in: "renders", make: func(p place) *kgo.Record {
			data, err := events.RenderJSON().Encode(*good(p))
			if err != nil {
				panic(err)
			}
			return &kgo.Record{Key: key(good(p)), Value: data}
		}},
	}
}
