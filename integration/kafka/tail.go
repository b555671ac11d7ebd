package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// LoseTail takes from a broker's copy of a partition all records from an offset on, as a disk does that has not kept what was written
// last: whole batches, those that contain the offset too. The broker must not run. It returns the offset at which the log ends now.
func (c *Cluster) LoseTail(i int, topic string, partition int32, from int64) (end int64, err error) {
	err = c.do(i, func(b *broker) error {
		if b.run != nil {
			return errors.New("it runs")
		}
		end, err = loseTail(filepath.Join(b.dir, dataFolder, fmt.Sprintf("%s-%d", topic, partition)), from)
		return err
	})
	return end, err
}

// loseTail cuts the log in a folder. Indexes are made anew by the broker, and so are snapshots of producers.
func loseTail(dir string, from int64) (int64, error) {
	segments, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err == nil && len(segments) == 0 {
		err = fmt.Errorf("%s is no log", dir)
	}
	if err != nil {
		return 0, err
	}
	slices.Sort(segments)
	for k, segment := range slices.Backward(segments) {
		base, err := baseOffset(segment)
		if err != nil {
			return 0, err
		}
		if err := removeIndexes(segment); err != nil {
			return 0, err
		}
		if base > from && k > 0 {
			if err := os.Remove(segment); err != nil {
				return 0, err
			}
			continue
		}
		return cutSegment(segment, base, from)
	}
	return 0, nil
}

// baseOffset reads a segment's first offset from its name.
func baseOffset(file string) (int64, error) {
	name := filepath.Base(file)
	return strconv.ParseInt(strings.TrimSuffix(name, filepath.Ext(name)), 10, 64)
}

// removeIndexes removes what is beside a segment.
func removeIndexes(segment string) error {
	for _, ext := range []string{".index", ".timeindex", ".txnindex", ".snapshot"} {
		err := os.Remove(strings.TrimSuffix(segment, ".log") + ext)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// The head of a batch: its first offset, the length of what follows the length, and later on the number of offsets.
const (
	batchHead       = 27
	batchLength     = 8
	batchLengthEnds = 12
	batchLastOffset = 23
)

// cutSegment ends a segment before the first batch with an offset of at least from, and returns where it ends.
func cutSegment(segment string, end, from int64) (_ int64, err error) {
	file, err := os.OpenFile(segment, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	at := int64(0)
	for {
		var head [batchHead]byte
		if _, err := file.ReadAt(head[:], at); errors.Is(err, io.EOF) {
			return end, file.Truncate(at)
		} else if err != nil {
			return 0, err
		}
		last := int64(binary.BigEndian.Uint64(head[:])) + int64(binary.BigEndian.Uint32(head[batchLastOffset:]))
		if last >= from {
			return end, file.Truncate(at)
		}
		end = last + 1
		at += batchLengthEnds + int64(binary.BigEndian.Uint32(head[batchLength:]))
	}
}
