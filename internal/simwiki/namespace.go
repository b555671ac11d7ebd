package simwiki

import (
	"strings"

	"github.com/eddystream/eddy/tables"
)

// The namespaces that these wikis have; English names.
const (
	Article  int32 = 0
	File     int32 = 6
	Template int32 = 10
	Category int32 = 14
)

// Prefixed returns a title's key with the prefix of its namespace.
func Prefixed(n tables.Name) string {
	switch n.Namespace {
	case File:
		return "File:" + n.DBKey
	case Template:
		return "Template:" + n.DBKey
	case Category:
		return "Category:" + n.DBKey
	}
	return n.DBKey
}

// Unprefixed undoes [Prefixed].
func Unprefixed(namespace int32, title string) tables.Name {
	if namespace != Article {
		_, title, _ = strings.Cut(title, ":")
	}
	return tables.Name{Namespace: namespace, DBKey: title}
}
