package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrHangs says that a transaction is open that its coordinator does not have open: the brokers have lost its end, and it never comes.
var ErrHangs = errors.New("a transaction hangs")

// TransactionalIDs is what the transactional ids of a group's members begin with. No group has a slash, so no two groups share them.
func TransactionalIDs(group string) string { return group + "/" }

// TransactionWait is a wait for the end of a transaction that a member of a group has opened. It belongs to one goroutine.
type TransactionWait struct {
	group string
	open  func(context.Context) (map[openTransaction]bool, error)
	after time.Duration

	over          func()
	began, looked time.Time
	suspects      map[openTransaction]bool // open in all looks; nil: there was none
}

// waits are those that have not seen the end they wait for, by what they are about: since when.
type waits struct {
	mu    sync.Mutex
	since map[string]time.Time
}

// of returns since when something is waited for, and keeps it until it is over.
func (w *waits) of(about string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since == nil {
		w.since = map[string]time.Time{}
	}
	if _, ok := w.since[about]; !ok {
		w.since[about] = time.Now()
	}
	return w.since[about]
}

func (w *waits) over(about string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.since, about)
}

// openTransaction is a transaction that its coordinator has open.
type openTransaction struct {
	id    string
	start int64 // when it was begun
}

// AwaitTransactions begins such a wait, or goes on with one that is about the same and is not over: a rebalance may cut it into pieces.
func (c *Client) AwaitTransactions(group, about string) *TransactionWait {
	return &TransactionWait{
		group: group, after: c.settings.HangsAfter, began: c.waits.of(about), over: func() { c.waits.over(about) },
		open: func(ctx context.Context) (map[openTransaction]bool, error) {
			return c.openTransactions(ctx, TransactionalIDs(group))
		},
	}
}

// openTransactions returns the transactions that coordinators have open of transactional ids with a prefix.
func (c *Client) openTransactions(ctx context.Context, prefix string) (map[openTransaction]bool, error) {
	listed, err := c.admin.ListTransactions(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	var ids []string
	for id := range listed {
		if strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	open := map[openTransaction]bool{}
	if len(ids) == 0 {
		return open, nil // asked for none, all would be described
	}
	described, err := c.admin.DescribeTransactions(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for id, t := range described {
		if t.Err != nil {
			return nil, t.Err
		}
		if !slices.Contains([]string{"Empty", "CompleteCommit", "CompleteAbort", "Dead"}, t.State) {
			open[openTransaction{id, t.StartTimestamp}] = true
		}
	}
	return open, nil
}

// Over says that the end came, or that there was nothing to wait for.
func (w *TransactionWait) Over() {
	if w != nil {
		w.over()
	}
}

// Waited is for how long.
func (w *TransactionWait) Waited() time.Duration { return time.Since(w.began).Round(time.Second) }

// Hangs is called again and again during the wait. It returns an error that wraps [ErrHangs] once the wait has been longer than a transaction
// may be open, and none of the group's was open all the time since this piece of it began. Where the coordinators do not answer nobody can tell, and the wait goes on.
func (w *TransactionWait) Hangs(ctx context.Context) error {
	if w == nil {
		return nil
	}
	again := w.after / 6
	if time.Since(w.began) < again || time.Since(w.looked) < again {
		return nil
	}
	w.looked = time.Now()
	open, err := w.open(ctx)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	over := w.suspects != nil && len(w.suspects) == 0 // since the last look: whoever waited for one of them has had the time to see its end
	if w.suspects == nil {
		w.suspects = open
	}
	maps.DeleteFunc(w.suspects, func(t openTransaction, _ bool) bool { return !open[t] })
	if !over || time.Since(w.began) < w.after {
		return nil
	}
	return fmt.Errorf("%w: waited %v, and group %q had none open all that time", ErrHangs, w.Waited(), w.group)
}

// EndHanging is what can be done about a transaction that hangs from an offset of a partition on.
func EndHanging(topic string, partition int32, offset int64) string {
	return fmt.Sprintf(`"kafka-transactions.sh abort --topic %s --partition %d --start-offset %d" ends it`, topic, partition, offset)
}
