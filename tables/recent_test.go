package tables

import (
	"fmt"
	"testing"
)

// What was added last is known, through the format of the row too.
func TestRecent(t *testing.T) {
	t.Parallel()
	row := &PageRow{Seen: []string{"of an older release"}}
	for i := range 40 {
		row.Note(fmt.Sprint("event ", i), ChangeContent, int64(i))
	}
	data, err := PageRows.Encode(row)
	if err != nil {
		t.Fatal(err)
	}
	again, err := PageRows.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if event, want := fmt.Sprint("event ", i), i >= 40-PageEvents; again.Knows(event) != want {
			t.Errorf("%s is known: %t", event, !want)
		}
		if want := i >= 40-PageEvents; again.KnowsChange(ChangeContent, int64(i)) != want || again.KnowsChange(ChangeMove, int64(i)) {
			t.Errorf("the change to revision %d is known: %t", i, !want)
		}
	}
	if again.Knows("of an older release") {
		t.Error("the oldest is still known")
	}
}
