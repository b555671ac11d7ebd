package counting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/lovoo/goka/storage"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// GokaConfig is what a plain Goka processor is told.
type GokaConfig struct {
	Brokers        []string
	ClientID       string
	Dir            string // of the local stores
	SessionTimeout time.Duration
	Logger         *slog.Logger // told of assignments, in the words of Eddy's runtime
}

// RunGoka runs the pipeline as a plain Goka processor until ctx is done. Settings are Goka's own, but that a new group begins at the start of
// its input, that the session is as long as Eddy's, and that keys hash as Kafka's clients do.
func RunGoka(ctx context.Context, c GokaConfig) error {
	settings := goka.DefaultConfig()
	settings.ClientID = c.ClientID
	settings.Consumer.Offsets.Initial = sarama.OffsetOldest
	settings.Consumer.Group.Session.Timeout = c.SessionTimeout
	settings.Consumer.Group.Heartbeat.Interval = c.SessionTimeout / 3
	goka.ReplaceGlobalConfig(settings) // it is the only one of its process

	numbers, results := edge(Numbers), edge(Results)
	graph := goka.DefineGroup(Group,
		goka.Input(numbers.topic, numbers, func(g goka.Context, msg any) {
			row, _ := g.Value().(Row)
			row = row.Next(msg.(int64))
			g.SetValue(row)
			g.Emit(results.topic, g.Key(), Result{Number: msg.(int64), Count: row.Count})
		}),
		goka.Persist(gokaCodec[Row]{Rows.ValueCodec()}),
		goka.Output(results.topic, results),
	)
	p, err := goka.NewProcessor(c.Brokers, graph,
		goka.WithClientID(c.ClientID),
		goka.WithHasher(topology.GokaHasher(Numbers.KeyCodec())),
		goka.WithStorageBuilder(storage.DefaultBuilder(c.Dir)),
		goka.WithRebalanceCallback(func(a goka.Assignment) {
			partitions := []int32{}
			for p := range a {
				partitions = append(partitions, p)
			}
			slices.Sort(partitions)
			c.Logger.Info("partitions assigned", "processor", Processor, "partitions", partitions)
		}),
	)
	if err != nil {
		return err
	}
	return p.Run(ctx)
}

// gokaEdge is a stream as Goka knows it.
type gokaEdge[V any] struct {
	gokaCodec[V]

	topic goka.Stream
}

func edge[V any](s topology.Stream[string, V]) gokaEdge[V] {
	return gokaEdge[V]{gokaCodec[V]{s.ValueCodec()}, goka.Stream(s.Topic())}
}

// gokaCodec is a codec in Goka's interface.
type gokaCodec[V any] struct{ codec codecs.Codec[V] }

// Encode implements [goka.Codec].
func (c gokaCodec[V]) Encode(value any) ([]byte, error) {
	v, ok := value.(V)
	if !ok {
		return nil, fmt.Errorf("a %T is no %T", value, v)
	}
	return c.codec.Encode(v)
}

// Decode implements [goka.Codec].
func (c gokaCodec[V]) Decode(data []byte) (any, error) { return c.codec.Decode(data) }

// GokaTables reads the local stores that a processor of Goka kept in a folder. It must have ended.
func GokaTables(dir string) ([]topologytest.LocalTable, error) {
	stores, err := filepath.Glob(filepath.Join(dir, TableName+".*"))
	if err != nil {
		return nil, err
	}
	var tables []topologytest.LocalTable
	for _, path := range stores {
		partition, err := strconv.ParseInt(strings.TrimPrefix(filepath.Ext(path), "."), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		t, err := gokaTable(dir, int32(partition))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// offsetRow is where Goka keeps the offset of the changelog among the rows.
const offsetRow = "__offset"

func gokaTable(dir string, partition int32) (_ topologytest.LocalTable, err error) {
	t := topologytest.LocalTable{Group: Group, Role: "own", Topic: TableName, Partition: partition, Rows: map[string][]byte{}}
	s, err := storage.DefaultBuilder(dir)(TableName, partition)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	offset, err := s.GetOffset(-1)
	if err != nil {
		return t, err
	}
	t.Next = offset + 1
	rows, err := s.Iterator()
	if err != nil {
		return t, err
	}
	defer rows.Release()
	for rows.Next() {
		value, err := rows.Value()
		if err != nil {
			return t, err
		}
		if key := string(rows.Key()); key != offsetRow {
			t.Rows[key] = slices.Clone(value)
		}
	}
	return t, rows.Err()
}
