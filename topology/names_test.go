package topology

import (
	"testing"

	"pgregory.net/rapid"
)

// No two topologies and processors have a group, and so a table or a loop, in common, whatever dashes are in their names.
func TestNamesNeverMeet(t *testing.T) {
	t.Parallel()
	legal := rapid.StringMatching(`[ab-]{1,6}`).Filter(func(name string) bool { return checkPart(name) == nil })
	rapid.Check(t, func(t *rapid.T) {
		one, other := [2]string{legal.Draw(t, "topology"), legal.Draw(t, "processor")}, [2]string{legal.Draw(t, "topology"), legal.Draw(t, "processor")}
		a, b := join(one[0], one[1]), join(other[0], other[1])
		if a == b && one != other {
			t.Fatalf("%q and %q are both %q", one, other, a)
		}
	})
	for pair, want := range map[[2]string]string{
		{"shop", "orders"}: "shop-orders", {"shop", "eu-orders"}: "shop-eu-orders", {"shop-eu", "orders"}: "shop-eu--orders",
	} {
		if got := join(pair[0], pair[1]); got != want {
			t.Errorf("%q is %q, want %q", pair, got, want)
		}
	}
}

// Of one parent folder, no topology has a folder where another has a file.
func TestFoldersNeverMeetFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"shop.instance", "shop.instance.new"} {
		if checkFolder(name) == nil {
			t.Errorf("%q is a legal topology", name)
		}
	}
	if err := checkFolder("shop.instances"); err != nil {
		t.Error(err)
	}
}
