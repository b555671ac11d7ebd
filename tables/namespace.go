package tables

import (
	"strings"
	"unicode"
)

// Namespace is one of a wiki's namespaces.
type Namespace struct {
	ID            int32
	Name          string   // in the wiki's language; empty for namespace 0
	Canonical     string   // in English; empty where there is none
	Aliases       []string // other names
	CaseSensitive bool     // false: the first letter of titles is upper case
}

// The namespaces whose titles have rules of their own.
const (
	namespaceSpecial = -1
	namespaceMain    = 0
	namespaceTalk    = 1
)

// fold makes the names of a namespace comparable: with underscores, without case. It goes by way of upper case, as the
// first letter of a title does: else ſpecial:x, which is no prefix, would become Special:x, which has one.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' {
			return '_'
		}
		return unicode.ToLower(unicode.ToUpper(r))
	}, name)
}

// english are the namespaces of every MediaWiki, and those of its Lua extension.
func english() []Namespace {
	list := []Namespace{
		{ID: -2, Name: "Media"},
		{ID: -1, Name: "Special"},
		{ID: 0},
		{ID: 1, Name: "Talk"},
		{ID: 2, Name: "User"},
		{ID: 3, Name: "User talk"},
		{ID: 4, Name: "Project"},
		{ID: 5, Name: "Project talk"},
		{ID: 6, Name: "File", Aliases: []string{"Image"}},
		{ID: 7, Name: "File talk", Aliases: []string{"Image talk"}},
		{ID: 8, Name: "MediaWiki"},
		{ID: 9, Name: "MediaWiki talk"},
		{ID: 10, Name: "Template"},
		{ID: 11, Name: "Template talk"},
		{ID: 12, Name: "Help"},
		{ID: 13, Name: "Help talk"},
		{ID: 14, Name: "Category"},
		{ID: 15, Name: "Category talk"},
		{ID: 828, Name: "Module"},
		{ID: 829, Name: "Module talk"},
	}
	for i := range list {
		list[i].Canonical = list[i].Name
	}
	return list
}
