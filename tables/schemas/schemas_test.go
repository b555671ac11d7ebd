package schemas_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/schemas"
)

func TestReleases(t *testing.T) {
	t.Parallel()
	for _, name := range schemas.Releases.Types() {
		f, err := schemas.Releases.Format(name)
		if err != nil || f.Schema().Name() != name {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := schemas.Releases.Format("eddy.Nothing"); !errors.Is(err, codecs.ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
	all := schemas.New()
	for _, release := range schemas.Beside() {
		if err := all.Write(release); err != nil {
			t.Error(err)
		}
	}
	if slices.Contains(schemas.Beside(), "v0") {
		t.Error("v0 reads no header")
	}
}

// BenchmarkNew is what every start of the command pays.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		schemas.New()
	}
}
