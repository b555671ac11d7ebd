package gokagroup

import (
	"context"
	"errors"
	"sync"

	"github.com/lovoo/goka/storage"
)

// storage is Goka's storage builder. Goka opens a storage for the group table and each join of every partition, assigned or standby.
func (m *member) storage(topic string, partition int32) (storage.Storage, error) {
	ctx, cancel := context.WithCancel(context.Background())
	return &table{m: m, session: m.session, topic: topic, partition: partition, ctx: ctx, cancel: cancel}, nil
}

// table is a table as Goka knows it: it can be opened and closed. Goka reads and writes no row.
type table struct {
	m         *member
	session   *Session
	topic     string
	partition int32
	ctx       context.Context // of Open; Close ends it because Goka gives Open none
	cancel    context.CancelFunc

	mu    sync.Mutex
	close func() error
}

// Open implements [storage.Storage].
func (t *table) Open() error {
	ctx, cancel := context.WithCancelCause(t.ctx)
	defer cancel(nil)
	if t.session != nil {
		// Goka waits for Open before it closes anything, so the end of the session has to end it.
		defer context.AfterFunc(t.session.Context(), func() { cancel(context.Cause(t.session.Context())) })()
	}
	closeTable, err := t.m.host.Open(ctx, t.session, t.topic, t.partition)
	if err != nil {
		if ctx.Err() == nil {
			t.m.opened(err)
		}
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.close = closeTable
	return nil
}

// Close implements [storage.Storage].
func (t *table) Close() error {
	t.cancel()
	t.mu.Lock()
	closeTable := t.close
	t.close = nil
	t.mu.Unlock()
	if closeTable == nil {
		return nil
	}
	return closeTable()
}

var errBypassed = errors.New("rows are not read or written through Goka")

// GetOffset implements [storage.Storage]. What Goka would recover is none of its business.
func (*table) GetOffset(otherwise int64) (int64, error) { return otherwise, nil }

func (*table) SetOffset(int64) error               { return errBypassed }
func (*table) MarkRecovered() error                { return nil }
func (*table) Has(string) (bool, error)            { return false, errBypassed }
func (*table) Get(string) ([]byte, error)          { return nil, errBypassed }
func (*table) Set(string, []byte) error            { return errBypassed }
func (*table) Delete(string) error                 { return errBypassed }
func (*table) Iterator() (storage.Iterator, error) { return nil, errBypassed }

func (*table) IteratorWithRange([]byte, []byte) (storage.Iterator, error) { return nil, errBypassed }
