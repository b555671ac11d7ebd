package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// tail is what the command reads.
type tail struct {
	w         world
	partition int32 // -1: all
	from      string
	follow    bool
	limit     int // 0: none
	key       string
	asJSON    bool
}

// outputs are the streams out of the pipeline, by what people call them.
var outputs = map[string]string{
	"requests": tables.RerenderRequests.Topic(),
	"cascades": tables.CascadeEvents.Topic(),
	"changes":  tables.LinkChanges.Topic(),
}

func newTail(w world) *cobra.Command {
	t := &tail{w: w}
	cmd := &cobra.Command{
		Use:   "tail (requests | cascades | changes | TOPIC)",
		Short: "Print the records of a topic, those in packs one by one",
		Long: `Tail prints a line for each record of a topic: partition, offset, time, key, value and
headers, separated by tabs. A record that was in a pack has its place there behind the
offset, as in 12#3. Partitions are read side by side; the order of lines is that of the
records within each. What comes out of the pipeline has names: requests for rerender-requests,
cascades for cascade-events, changes for link-changes.

Values of Eddy's own topics and JSON are printed as JSON, and text as it is, or quoted if
it has spaces or anything else that could mislead. Bytes that are no text are printed as
0x and hexadecimal digits, and - stands for no key, or for the value of a tombstone.`,
		Example: `  eddy tail requests --brokers kafka:9092 --from newest --follow
  eddy tail cascades --brokers kafka:9092 --json
  eddy tail eddy-target-updates --brokers kafka:9092 --key enwiki:10: --limit 20`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.run(cmd, cmp.Or(outputs[args[0]], args[0]))
		},
	}
	fs := cmd.Flags()
	fs.Int32Var(&t.partition, "partition", -1, "`number` of the only partition to read; -1: all")
	fs.StringVar(&t.from, "from", "oldest", "where to begin: oldest, newest, or an `offset`")
	fs.BoolVarP(&t.follow, "follow", "f", false, "go on with what is written from now on, until interrupted")
	fs.IntVarP(&t.limit, "limit", "n", 0, "`number` of records after which to end; 0: no limit")
	fs.StringVar(&t.key, "key", "", "only records whose keys begin with this `text`")
	fs.BoolVar(&t.asJSON, "json", false, "print a JSON object a line")
	settings.BindConnection(fs)
	return cmd
}

// errLimit ends reading when enough has been printed.
var errLimit = errors.New("limit")

func (t *tail) run(cmd *cobra.Command, topic string) error {
	if t.partition < -1 {
		return usageError(fmt.Errorf("partition %d is negative", t.partition))
	}
	if t.limit < 0 {
		return usageError(fmt.Errorf("limit %d is negative", t.limit))
	}
	if t.from == "newest" && !t.follow {
		return usageError(errors.New("--from newest is what is written from now on: add --follow"))
	}
	t.w = t.w.quietly()
	s, err := t.w.load(cmd)
	if err != nil {
		return err
	}
	if len(s.Brokers) == 0 {
		return usageError(errNoBrokers)
	}
	cfg, err := t.w.config(s)
	if err != nil {
		return err
	}
	ctx, stream := cmd.Context(), topology.NewStream(topic, codecs.Bytes(), codecs.Bytes())
	ends, err := topology.Ends(ctx, cfg, stream)
	if err != nil {
		return err
	}
	from, err := t.positions(topic, ends)
	if err != nil {
		return err
	}
	out, left := bufio.NewWriter(t.w.out), t.limit
	each := func(_ context.Context, r *topology.Record[[]byte, []byte]) error {
		if !bytes.HasPrefix(r.Key, []byte(t.key)) {
			return nil
		}
		if t.asJSON {
			if err := encode(out, newRecordJSON(r)); err != nil {
				return err
			}
		} else if _, err := out.WriteString(line(r)); err != nil {
			return err
		}
		if left--; left == 0 {
			return errLimit
		}
		if t.follow {
			return out.Flush()
		}
		return nil
	}
	if t.follow {
		err = topology.ConsumeFrom(ctx, cfg, stream, from, each)
	} else {
		err = topology.Read(ctx, cfg, stream, from, only(ends, from), each)
	}
	if errors.Is(err, errLimit) {
		err = nil
	}
	return errors.Join(err, out.Flush())
}

// positions is where to begin, by partition.
func (t *tail) positions(topic string, ends topology.Positions) (topology.Positions, error) {
	if t.partition >= 0 {
		end, exists := ends[t.partition]
		if !exists {
			return nil, coded(exitNotFound, fmt.Errorf("topic %q has no partition %d, only 0 to %d", topic, t.partition, len(ends)-1))
		}
		ends = topology.Positions{t.partition: end}
	}
	from := topology.Positions{}
	for p, end := range ends {
		switch t.from {
		case "oldest":
			from[p] = 0
		case "newest":
			from[p] = end
		default:
			offset, err := strconv.ParseInt(t.from, 10, 64)
			if err != nil || offset < 0 {
				return nil, usageError(fmt.Errorf("--from %q is none of oldest, newest, or an offset", t.from))
			}
			from[p] = offset
		}
	}
	return from, nil
}

// only keeps the partitions that are to be read.
func only(ends, read topology.Positions) topology.Positions {
	to := topology.Positions{}
	for p := range read {
		to[p] = ends[p]
	}
	return to
}
