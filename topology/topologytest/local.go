package topologytest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/eddystream/eddy/topology/internal/store"
)

// LocalTable is one partition of a table as the local store of an app holds it.
type LocalTable struct {
	Group     string // of the processor that keeps the rows
	Role      string // "own", or "join" for a copy
	Topic     string
	Partition int32
	Next      int64             // the offset of the topic that comes next
	Rows      map[string][]byte // keys and values as the topic has them
}

// LocalTables reads the local store that an app of the topology kept in a data directory. The app must have ended, and must not be
// started meanwhile. Tables that never had an offset are left out.
func LocalTables(dataDir, topology string) (tables []LocalTable, err error) {
	if _, err := os.Stat(filepath.Join(dataDir, topology)); err != nil {
		return nil, fmt.Errorf("local tables: %w", err)
	}
	db, err := store.Open(store.Options{Dir: dataDir, Name: topology})
	if err != nil {
		return nil, fmt.Errorf("local tables: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, name := range db.Names() {
		t, ok, err := localTable(db, name)
		if err != nil {
			return nil, fmt.Errorf("local table %q: %w", name, err)
		}
		if ok {
			tables = append(tables, t)
		}
	}
	return tables, nil
}

func localTable(db *store.DB, name string) (LocalTable, bool, error) {
	parts := strings.Split(name, "/") // group, role, topic, partition
	if len(parts) != 4 {
		return LocalTable{}, false, errors.New("not a table of a partition")
	}
	partition, err := strconv.ParseInt(parts[3], 10, 32)
	if err != nil {
		return LocalTable{}, false, err
	}
	table, err := db.Table(name)
	if err != nil {
		return LocalTable{}, false, err
	}
	t := LocalTable{Group: parts[0], Role: parts[1], Topic: parts[2], Partition: int32(partition), Rows: map[string][]byte{}}
	next, ok, err := table.Offset()
	if err != nil || !ok {
		return LocalTable{}, false, err
	}
	t.Next = next
	for row, err := range table.Range(nil, nil) {
		if err != nil {
			return LocalTable{}, false, err
		}
		t.Rows[string(row.Key)] = slices.Clone(row.Value)
	}
	return t, true, nil
}
