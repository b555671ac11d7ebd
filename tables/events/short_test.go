package events_test

import (
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/events"
)

// Whatever length an event's id and hashes have, rows keep little of them, and a repeat has the same.
func TestTextsThatAreKeptAreShort(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	long := strings.Repeat("i", 400_000)
	c := events.PageChange{
		Meta: events.Meta{ID: long}, Wiki: "w", Time: at, Kind: events.Edit, Page: events.Page{ID: 1, Title: "P"},
		Revision: events.Revision{ID: 1, ContentSHA1: long + "1", Model: long + "2"},
	}
	r := events.Render{
		Meta: events.Meta{ID: long}, Wiki: "w", Start: at, Page: events.RenderPage{ID: 1, Title: "P"}, Revision: events.RenderRevision{ID: 1},
		ContentSHA1: long + "1", TransclusionSHA1: long + "2", OutputSHA1: long + "3",
	}
	texts := map[string]bool{}
	keep := func(list ...string) {
		for _, text := range list {
			if len(text) > 64 {
				t.Errorf("%.20q… has %d bytes", text, len(text))
			}
			texts[text] = true
		}
	}
	data, err := events.PageChangeCodec().Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	read, err := events.PageChangeCodec().Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	keep(read.Meta.ID, read.Revision.ContentSHA1, read.Revision.Form())
	for name, codec := range map[string]codecs.Codec[events.Render]{"json": events.RenderJSON(), "avro": events.RenderCodec()} {
		data, err := codec.Encode(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		read, err := codec.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		keep(read.Meta.ID, read.ContentSHA1, read.TransclusionSHA1, read.OutputSHA1)
	}
	if len(texts) != 4 {
		t.Errorf("four texts are %d", len(texts))
	}
}
