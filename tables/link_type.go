package tables

import (
	"fmt"
	"iter"
	"math/bits"
	"strings"

	"github.com/eddystream/eddy/codecs"
)

// LinkType is the type of a link, and the reason of a request. A smaller one is stronger: a page that is
// reached by several is asked for by the strongest.
type LinkType uint8

// The link types, strongest first. LinkSelf is no link but the reason to render the changed page itself.
const (
	LinkTemplate LinkType = iota
	LinkImage
	LinkRedirect
	LinkPage
	LinkExistence
	LinkCategory
	LinkExternal
	LinkLang
	LinkInterwiki
	LinkSelf
)

// NumLinkTypes is the number of types that links have, LinkSelf not counted: types index arrays of this length.
const NumLinkTypes = int(LinkSelf)

var linkTypes = [...]string{
	"template", "image", "redirect", "page", "existence", "category", "external", "lang", "interwiki", "self",
}

// ParseLinkType reads the name of a link type.
func ParseLinkType(name string) (LinkType, error) {
	for i, n := range linkTypes {
		if n == name {
			return LinkType(i), nil
		}
	}
	return 0, fmt.Errorf("unknown link type %s", codecs.Quote(name))
}

// String returns the type's name.
func (t LinkType) String() string {
	if int(t) < len(linkTypes) {
		return linkTypes[t]
	}
	return fmt.Sprintf("link type %d", uint8(t))
}

// MarshalText returns the type's name.
func (t LinkType) MarshalText() ([]byte, error) {
	if int(t) >= len(linkTypes) {
		return nil, fmt.Errorf("unknown link type %d", uint8(t))
	}
	return []byte(linkTypes[t]), nil
}

// UnmarshalText reads the type's name.
func (t *LinkType) UnmarshalText(text []byte) (err error) {
	*t, err = ParseLinkType(string(text))
	return err
}

// LinkTypes is a set of link types.
type LinkTypes uint16

// NewLinkTypes returns the set of the types given.
func NewLinkTypes(types ...LinkType) LinkTypes {
	var s LinkTypes
	for _, t := range types {
		s = s.With(t)
	}
	return s
}

// Has says whether t is in the set.
func (s LinkTypes) Has(t LinkType) bool { return s&(1<<t) != 0 }

// With returns the set with t in it.
func (s LinkTypes) With(t LinkType) LinkTypes { return s | 1<<t }

// Without returns the set without t.
func (s LinkTypes) Without(t LinkType) LinkTypes { return s &^ (1 << t) }

// Strongest returns the strongest type of the set; false: the set is empty.
func (s LinkTypes) Strongest() (LinkType, bool) {
	return LinkType(bits.TrailingZeros16(uint16(s))), s != 0
}

// Each yields the types of the set, strongest first.
func (s LinkTypes) Each() iter.Seq[LinkType] {
	return func(yield func(LinkType) bool) {
		for s != 0 {
			t := LinkType(bits.TrailingZeros16(uint16(s)))
			if !yield(t) {
				return
			}
			s = s.Without(t)
		}
	}
}

// String returns the names of the set's types, strongest first, with commas.
func (s LinkTypes) String() string {
	var names []string
	for t := range s.Each() {
		names = append(names, t.String())
	}
	return strings.Join(names, ",")
}
