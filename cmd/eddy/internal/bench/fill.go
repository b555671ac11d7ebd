package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// rawRecords bounds the records of the plain producer, which are kept in memory.
const rawRecords = 200_000

// rawStream takes the records of the plain producer.
var rawStream = topology.NewStream("eddy-bench-raw", codecs.Bytes(), codecs.Bytes())

// record is an encoded event.
type record struct{ key, value []byte }

// fill writes all events of the wiki to the topics, and as many as fit into memory once more as plain bytes.
func (b *run) fill(ctx context.Context) (err error) {
	p, err := topology.OpenProducer(b.cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	var some []record
	start := time.Now()
	for e, err := range b.wiki.events() {
		if err != nil {
			return err
		}
		if len(some) < rawRecords {
			r, err := encode(e)
			if err != nil {
				return err
			}
			some = append(some, r)
		}
		if e.Render != nil {
			b.result.Edges += edges(&e.Render.Links)
		}
		if err := send(ctx, p, e); err != nil {
			return err
		}
		b.result.Fill.Records++
	}
	if err := p.Flush(ctx); err != nil {
		return err
	}
	if b.wiki.edges != 0 && b.wiki.edges != b.result.Edges {
		return fmt.Errorf("the renderings have %d links, where %d are said to be", b.result.Edges, b.wiki.edges)
	}
	b.result.Fill = rate(b.result.Fill.Records, 0, time.Since(start))
	return b.plain(ctx, p, some)
}

// plain sends encoded records to a topic that nobody reads.
func (b *run) plain(ctx context.Context, p *topology.Producer, records []record) error {
	builder := topology.NewBuilder("eddy-bench-raw")
	topology.Input(topology.AddProcessor(builder, "nobody", rawStream.KeyCodec()), rawStream).
		Handle(func(context.Context, *topology.Record[[]byte, []byte]) error { return nil })
	topo, err := builder.Build()
	if err != nil {
		return err
	}
	if err := topology.CreateTopics(ctx, topo, b.cfg); err != nil {
		return err
	}
	bytes := int64(0)
	start := time.Now()
	for _, r := range records {
		bytes += int64(len(r.key) + len(r.value))
		if err := topology.Produce(ctx, p, rawStream, r.key, r.value); err != nil {
			return err
		}
	}
	if err := p.Flush(ctx); err != nil {
		return err
	}
	b.result.Raw = rate(len(records), bytes, time.Since(start))
	return nil
}

func send(ctx context.Context, p *topology.Producer, e simwiki.Event) error {
	if e.Change != nil {
		return topology.Produce(ctx, p, tables.PageChanges, e.PageKey(), *e.Change)
	}
	return topology.Produce(ctx, p, tables.Renders, e.PageKey(), *e.Render)
}

func encode(e simwiki.Event) (r record, err error) {
	if r.key, err = tables.PageKeys().Encode(e.PageKey()); err != nil {
		return r, err
	}
	if e.Change != nil {
		r.value, err = tables.PageChanges.ValueCodec().Encode(*e.Change)
	} else {
		r.value, err = tables.Renders.ValueCodec().Encode(*e.Render)
	}
	return r, err
}

// edges counts the links of a rendering.
func edges(l *events.Links) int {
	return len(l.Template) + len(l.Page) + len(l.Image) + len(l.Category) + len(l.Existence) +
		len(l.External) + len(l.Lang) + len(l.Interwiki)
}
