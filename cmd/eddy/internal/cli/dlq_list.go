package cli

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/topology"
)

// shownBytes is how much of a key, a value and an error is in a line of the list.
const shownBytes = 120

// letterJSON is a dead letter for machines. Keys and values are text where they are UTF-8, and in hexadecimal digits otherwise.
type letterJSON struct {
	ID        string       `json:"id"`
	Failed    string       `json:"failed"`
	Processor string       `json:"processor"`
	Phase     string       `json:"phase"`
	Error     string       `json:"error"`
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Offset    int64        `json:"offset"`
	Index     *int         `json:"index,omitempty"`
	Timestamp string       `json:"timestamp"`
	Table     bool         `json:"table,omitempty"`
	Cut       int          `json:"cut,omitempty"`
	Replayed  int          `json:"replayed,omitempty"`
	Key       *bytesJSON   `json:"key"`
	Value     *bytesJSON   `json:"value,omitempty"`
	Size      int          `json:"size"`
	Headers   []headerJSON `json:"headers,omitempty"`
}

type headerJSON struct {
	Key   string     `json:"key"`
	Value *bytesJSON `json:"value"`
}

// bytesJSON is text, a document, or hexadecimal digits.
type bytesJSON struct {
	Text     *string         `json:"text,omitempty"`
	Document json.RawMessage `json:"json,omitempty"`
	Hex      string          `json:"hex,omitempty"`
}

func newBytesJSON(topic string, data []byte) *bytesJSON {
	if data == nil {
		return nil
	}
	if topic != "" {
		if text, ok := avroJSON(topic, data); ok {
			return &bytesJSON{Document: text, Hex: hex.EncodeToString(data)}
		}
	}
	if utf8.Valid(data) {
		return &bytesJSON{Text: new(string(data))}
	}
	return &bytesJSON{Hex: hex.EncodeToString(data)}
}

func newLetterJSON(r *topology.DeadLetterRecord, whole bool) letterJSON {
	l := letterJSON{
		ID: r.ID.String(), Failed: r.Failed.UTC().Format(timeFormat), Processor: r.Processor, Phase: r.Phase.String(), Error: r.Error,
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UTC().Format(timeFormat),
		Table: r.Table, Cut: r.Cut, Replayed: r.Replayed, Key: newBytesJSON("", r.Key), Size: len(r.Value),
	}
	if r.Packed {
		l.Index = &r.Index
	}
	if !whole {
		return l
	}
	l.Value = newBytesJSON(r.Topic, r.Value)
	for _, h := range r.Headers {
		l.Headers = append(l.Headers, headerJSON{Key: h.Key, Value: newBytesJSON("", h.Value)})
	}
	return l
}

func newDLQList(w world) *cobra.Command {
	l, asJSON, limit := &letters{w: w}, false, 0
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the dead letters that were neither replayed nor dropped",
		Long: `List prints a line for each dead letter: its id, when it was given up, by which
processor, in which phase (decode, process, write), which record it is (topic, partition,
offset, and place in a pack), its key, and what was wrong, separated by tabs. Long texts
are cut; show has them whole.`,
		Example: `  eddy dlq list --brokers kafka:9092
  eddy dlq list --brokers kafka:9092 --processor links --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := checkLimit(limit); err != nil {
				return err
			}
			if err := l.open(cmd); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, l.Close()) }()
			out, n := bufio.NewWriter(l.w.out), 0
			for r, err := range l.All(cmd.Context()) {
				if err != nil {
					return errors.Join(err, out.Flush())
				}
				if !l.meant(r) {
					continue
				}
				if err := listed(out, r, asJSON); err != nil {
					return err
				}
				if n++; n == limit {
					break
				}
			}
			return out.Flush()
		},
	}
	l.bind(cmd)
	l.bindFilter(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	cmd.Flags().IntVarP(&limit, "limit", "n", 0, "`number` of letters after which to end; 0: no limit")
	return cmd
}

// listed prints a line.
func listed(w io.Writer, r *topology.DeadLetterRecord, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(newLetterJSON(r, false))
	}
	_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Failed.UTC().Format(timeFormat), r.Processor, r.Phase, place(r),
		short(spell(r.Key)), short(strings.Join(strings.Fields(r.Error), " ")))
	return err
}

// short cuts a text for a line.
func short(text string) string {
	if len(text) <= shownBytes {
		return text
	}
	end := shownBytes
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

func newDLQShow(w world) *cobra.Command {
	l, asJSON, asHex := &letters{w: w}, false, false
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a dead letter with all that it has",
		Example: `  eddy dlq show --brokers kafka:9092 3:17
  eddy dlq show --brokers kafka:9092 3:17 --hex`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			id, err := topology.ParseDeadLetterID(args[0])
			if err != nil {
				return usageError(err)
			}
			if err := l.open(cmd); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, l.Close()) }()
			r, err := l.Get(cmd.Context(), id)
			if errors.Is(err, topology.ErrNoDeadLetter) {
				return coded(exitNotFound, err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(l.w.out).Encode(newLetterJSON(r, true))
			}
			table := tabwriter.NewWriter(l.w.out, 0, 0, 2, ' ', 0)
			letterText(table, r, asHex)
			return table.Flush()
		},
	}
	l.bind(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.Flags().BoolVar(&asHex, "hex", false, "print key and value as a hexadecimal dump")
	return cmd
}

// letterText prints a letter for people.
func letterText(w io.Writer, r *topology.DeadLetterRecord, asHex bool) {
	fieldf(w, "id", "%s", r.ID)
	fieldf(w, "failed", "%s", r.Failed.UTC().Format(timeFormat))
	fieldf(w, "processor", "%s", r.Processor)
	fieldf(w, "phase", "%s", r.Phase)
	fieldf(w, "error", "%s", r.Error)
	fieldf(w, "record", "%s", place(r))
	fieldf(w, "time", "%s", r.Timestamp.UTC().Format(timeFormat))
	if r.Table {
		fieldf(w, "table", "it is a row, which cannot be replayed")
	}
	if r.Cut > 0 {
		fieldf(w, "cut", "only the beginning of %d bytes is kept", r.Cut)
	}
	if r.Replayed > 0 {
		fieldf(w, "replayed", "%d times before", r.Replayed)
	}
	for _, h := range r.Headers {
		fieldf(w, "header", "%s=%s", spell([]byte(h.Key)), spell(h.Value))
	}
	if asHex {
		fieldf(w, "key", "%d bytes\n%s", len(r.Key), hex.Dump(r.Key))
		fieldf(w, "value", "%d bytes\n%s", len(r.Value), hex.Dump(r.Value))
		return
	}
	fieldf(w, "key", "%s", spell(r.Key))
	fieldf(w, "value", "%s", spellValue(r.Topic, r.Value))
}
