package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// ErrHangs says that a transaction is open that its coordinator does not have open: the brokers have lost its end, and it never comes.
var ErrHangs = errors.New("a transaction hangs")

// TransactionalIDs is what the transactional ids of a group's members begin with. No group has a slash, so no two groups share them.
func TransactionalIDs(group string) string { return group + "/" }

// TransactionWait is a wait for the end of a transaction that a member of a group has opened. It belongs to one goroutine.
type TransactionWait struct {
	group string
	list  func(context.Context) (kadm.ListedTransactions, error)
	after time.Duration

	began, looked time.Time
	none          bool // was open at the last look
}

// AwaitTransactions begins such a wait.
func (c *Client) AwaitTransactions(group string) *TransactionWait {
	return &TransactionWait{
		group: group,
		list: func(ctx context.Context) (kadm.ListedTransactions, error) {
			return c.admin.ListTransactions(ctx, nil, nil)
		},
		after: c.settings.HangsAfter, began: time.Now(),
	}
}

// Waited is for how long.
func (w *TransactionWait) Waited() time.Duration { return time.Since(w.began).Round(time.Second) }

// Hangs is called again and again during the wait. It returns an error that wraps [ErrHangs] once the wait has been longer than a transaction
// may be open, and none of the group's was in two looks that followed each other. Where the coordinators do not answer nobody can tell,
// and the wait goes on.
func (w *TransactionWait) Hangs(ctx context.Context) error {
	if w == nil || time.Since(w.began) < w.after || time.Since(w.looked) < w.after/6 {
		return nil
	}
	w.looked = time.Now()
	listed, err := w.list(ctx)
	if err != nil {
		w.none = false
		return nil //nolint:nilerr // see above
	}
	before := w.none
	w.none = true
	for id, t := range listed {
		if strings.HasPrefix(id, TransactionalIDs(w.group)) && !slices.Contains([]string{"Empty", "CompleteCommit", "CompleteAbort", "Dead"}, t.State) {
			w.none = false
		}
	}
	if !w.none || !before {
		return nil
	}
	return fmt.Errorf("%w: waited %v, and group %q has none open", ErrHangs, w.Waited(), w.group)
}

// EndHanging is what can be done about a transaction that hangs from an offset of a partition on.
func EndHanging(topic string, partition int32, offset int64) string {
	return fmt.Sprintf(`"kafka-transactions.sh abort --topic %s --partition %d --start-offset %d" ends it`, topic, partition, offset)
}
