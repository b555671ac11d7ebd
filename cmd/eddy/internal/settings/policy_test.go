package settings

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/topology"
)

func TestPolicies(t *testing.T) {
	t.Parallel()
	retry := topology.Retry(5, 200*time.Millisecond, topology.DeadLetter())
	s := Settings{OnError: []string{"dead-letter", "/decode=skip", "links=retry:5:200ms:dead-letter", "links/write=stop", "pages/decode=retry:forever"}}
	all, named, err := s.policies()
	if err != nil {
		t.Fatal(err)
	}
	want := topology.Policies{Decode: topology.Skip(), Process: topology.DeadLetter(), Write: topology.DeadLetter()}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	wantNamed := map[string]topology.Policies{
		"links": {Decode: retry, Process: retry, Write: topology.Stop()},
		"pages": {Decode: topology.Retry(-1, 100*time.Millisecond, topology.Stop())},
	}
	if diff := cmp.Diff(wantNamed, named); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
	for _, wrong := range []string{"", "drop", "=skip", "links/render=skip", "retry", "retry:0:skip", "retry:5", "retry:5:1s", "retry:5:-1s:skip", "retry:5:1s:skip:skip", "links="} {
		if _, _, err := (Settings{OnError: []string{wrong}}).policies(); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
	for _, p := range []topology.Policy{topology.Stop(), topology.Skip(), topology.DeadLetter(), retry, topology.Retry(-1, time.Second, topology.Stop())} {
		if again, err := topology.ParsePolicy(p.String()); err != nil || again != p {
			t.Errorf("%s is read as %s, %v", p, again, err)
		}
	}
}
