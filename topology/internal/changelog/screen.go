package changelog

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ErrNoKey says that a record of a table has no key, and so is no row.
var ErrNoKey = errors.New("a row needs a key")

// Screen keeps records out of a table that are no rows of it. Only those without an epoch are looked at, which somebody else wrote than a
// task. A record that is kept out leaves its row as it is, for every reader that screens alike; the table's owner writes the row anew, as it
// does where a former owner wrote.
type Screen struct {
	// Check says what is wrong with a row, if anything is; the value of a delete is nil. Defaults to nothing.
	Check func(key, value []byte) error
	// Bad is told of a record that is kept out, before the table's offset passes it. An error ends the reading.
	Bad func(ctx context.Context, r *kgo.Record, err error) error
}

// Screened has records kept out of the table.
func Screened(s *Screen) LoadOption { return func(l *loading) { l.screen = s } }

// look returns the epoch of a record, 0 if it has none, and what is wrong with it.
func (s *Screen) look(r *kgo.Record) (epoch int64, bad error) {
	if epoch, bad = epochOf(r); bad != nil || epoch != 0 {
		return epoch, bad
	}
	if r.Key == nil {
		return 0, ErrNoKey
	}
	if s != nil && s.Check != nil {
		return 0, s.Check(r.Key, r.Value)
	}
	return 0, nil
}

// pass decides about a bad record: nil passes it over. Without a screen a record without a key is passed over, for it cannot be a row, and
// any other ends the reading.
func (s *Screen) pass(ctx context.Context, r *kgo.Record, err error) error {
	switch {
	case s != nil:
		return s.Bad(ctx, r, err)
	case errors.Is(err, ErrNoKey):
		return nil
	}
	return err
}
