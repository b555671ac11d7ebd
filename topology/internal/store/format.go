package store

import (
	"errors"
	"fmt"
)

// ErrNewerFormat is wrapped by the error of [Open] for a store that a newer release has written.
var ErrNewerFormat = errors.New("the local store was written by a newer release")

// checkFormat sees to it that a store has the layout of this release. A store of an older format is emptied: its tables
// are built again from their changelogs. was is that format, 0 if the store is as it should be. A store of a newer one
// is left alone: the error says what can be done.
func checkFormat(b backend) (was byte, err error) {
	version, ok, err := b.get([]byte{spaceFormat})
	if err != nil {
		return 0, fmt.Errorf("read store format: %w", err)
	}
	if ok && len(version) != 1 {
		return 0, fmt.Errorf("store format has %d bytes, not 1", len(version))
	}
	if ok {
		switch was = version[0]; {
		case was == formatVersion:
			return 0, nil
		case was > formatVersion:
			return 0, fmt.Errorf("%w: its format is %d, and this release knows formats up to %d: run the newer release, "+
				"or delete the folder, and the store is built again from the changelogs", ErrNewerFormat, was, formatVersion)
		}
	}
	w := b.writes()
	if err := firstError(w.removeRange([]byte{0}, []byte{0xff}), w.set([]byte{spaceFormat}, []byte{formatVersion}), w.commit()); err != nil {
		return 0, fmt.Errorf("write store format: %w", err)
	}
	return was, nil
}
