package topology_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eddystream/eddy/topology"
)

// What is too large to be sent is the error of its own Produce: whoever is not told by then believes that it was sent.
func TestProduceRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	texts := topology.NewStream(events.Topic(), text, text)
	big := strings.Repeat("x", 1_000_001)
	for name, err := range map[string]error{
		"value":  topology.Produce(t.Context(), w.out, texts, "k", big),
		"key":    topology.Produce(t.Context(), w.out, texts, big, "v"),
		"delete": topology.ProduceDelete(t.Context(), w.out, texts, big),
		"header": topology.Produce(t.Context(), w.out, texts, "k", "v", topology.WithHeader("h", []byte(big))),
	} {
		if !errors.Is(err, topology.ErrTooLarge) || !strings.Contains(err.Error(), `"`+events.Topic()+`"`) || len(err.Error()) > 1000 {
			t.Errorf("%s: %.1000v", name, err)
		}
	}
	if err := topology.Produce(t.Context(), w.out, texts, "k", big[:999_900]); err != nil {
		t.Error(err)
	}
	w.flush()
}
