package events

import (
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
)

// The times that events can have. A page keeps the time of its latest change, and what is older is taken for a repeat: an event of the
// year 9999 would be its last one.
var (
	earliest = time.Unix(1, 0).UTC()
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// possibleTime checks when something happened.
func possibleTime(field string, t time.Time) error {
	if t.Before(earliest) || !t.Before(latest) {
		return fmt.Errorf("%w: %s is impossible: %s, want 1970 to %d", ErrField, field, t.Format(time.RFC3339), latest.Year()-1)
	}
	return nil
}

// possibleID checks the id of a page that is not 0: it is positive, and any number of 63 bits, as long as MediaWiki may have them.
func possibleID(field string, id int64) error {
	if id < 0 {
		return impossible(field, id)
	}
	return nil
}

// possible is a codec of renders that holds them to what JSON is held to.
type possible struct{ codecs.Codec[Render] }

func (c possible) Decode(data []byte) (Render, error) {
	r, err := c.Codec.Decode(data)
	if err == nil {
		err = r.possible()
	}
	if err != nil {
		return Render{}, err
	}
	return r, nil
}

func (c possible) Encode(r Render) ([]byte, error) {
	if err := r.possible(); err != nil {
		return nil, err // what would not be read back is not written
	}
	return c.Codec.Encode(r)
}

func (r *Render) possible() error {
	shorten(&r.Meta.ID, &r.OutputSHA1, &r.ContentSHA1, &r.TransclusionSHA1)
	if r.Page.ID == 0 {
		return missing("page.page_id")
	}
	if err := possibleID("page.page_id", r.Page.ID); err != nil {
		return err
	}
	return possibleTime("dt", r.Start)
}
