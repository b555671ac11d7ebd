package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/topology"
)

// pageSize is how many lines a list has if it is not told.
const pageSize = 50

// limit is how much is listed, and behind what.
type limit struct {
	n     int    // 0, -1: all
	after string // empty: from the start
}

// bind adds the flags; what is listed is of some kind of thing.
func (l *limit) bind(cmd *cobra.Command, kind string, n int) {
	cmd.Flags().IntVarP(&l.n, "limit", "n", n, "`number` of "+kind+" listed; 0: all")
	cmd.Flags().StringVar(&l.after, "after", "", "`cursor` behind which to begin: where the list before ended")
}

// check finds a limit that is none.
func (l *limit) check() error { return checkLimit(l.n) }

func checkLimit(n int) error {
	if n < -1 {
		return usageError(fmt.Errorf("limit %d is negative", n))
	}
	return nil
}

// full reports whether n lines are all that are wanted.
func (l *limit) full(n int) bool { return l.n > 0 && n >= l.n }

// next tells on the side, where it is in no program's way, how to go on.
func (r *reader) next(cursor string) {
	_, _ = fmt.Fprintf(r.w.err, "there are more: --after %q\n", cursor)
}

// lines prints the items of a list, a line each: columns with tabs between them, or a JSON object.
type lines struct {
	r     *reader
	limit *limit
	out   *bufio.Writer
	n     int
	last  string // cursor of the last line
	more  bool
}

func (r *reader) lines(l *limit) *lines { return &lines{r: r, limit: l, out: bufio.NewWriter(r.w.out)} }

// add prints an item, and reports false where that is one too many.
func (l *lines) add(cursor string, document any, columns ...string) (bool, error) {
	if l.limit.full(l.n) {
		l.more = true
		return false, nil
	}
	l.n, l.last = l.n+1, cursor
	if l.r.asJSON {
		return true, encode(l.out, document)
	}
	_, err := io.WriteString(l.out, strings.Join(columns, "\t")+"\n")
	return true, err
}

// end prints what is left, and how to go on.
func (l *lines) end() error {
	err := l.out.Flush()
	if l.more && err == nil {
		l.r.next(l.last)
	}
	return err
}

// encode writes a JSON object in a line.
func encode(w io.Writer, document any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(document)
}

// list prints rows of a table in the order of their keys, those whose keys begin with prefix. What each does with a row it says by lines.add, whose
// results it returns. Rows that cannot be decoded are passed over, and are the error at the end.
func list[K fmt.Stringer, V any](ctx context.Context, r *reader, l *limit, table topology.Table[K, V], prefix string,
	each func(*lines, K, V) (bool, error),
) error {
	if err := l.check(); err != nil {
		return err
	}
	return within(ctx, r, table, func(v *topology.View[K, V]) error {
		out := r.lines(l)
		var broken brokenRows
		for row, err := range v.Prefix([]byte(prefix)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if broken.has(err) {
				continue
			}
			if err != nil {
				return errors.Join(err, out.end())
			}
			more, err := each(out, row.Key, row.Value)
			if err != nil {
				return errors.Join(err, out.end())
			}
			if !more {
				break
			}
		}
		return errors.Join(out.end(), errors.Join(broken...))
	})
}

// brokenRows are the errors of rows that cannot be decoded, the first of them.
type brokenRows []error

// shownBroken is how many rows that cannot be decoded are named.
const shownBroken = 20

// has takes note of the error of a row that cannot be decoded, and reports false of any other.
func (b *brokenRows) has(err error) bool {
	if !errors.Is(err, topology.ErrDecode) {
		return false
	}
	if len(*b) < shownBroken {
		*b = append(*b, err)
	}
	return true
}
