// Package schemas has the Avro schemas of everything that Eddy writes, as each of its releases has written it. A folder
// holds the schema files that a release brought or changed, one record a file; all others are as before.
// doc/UPGRADING.md says how a schema changes.
package schemas

import (
	"embed"
	"io/fs"

	"github.com/eddystream/eddy/codecs"
)

//go:embed v*
var files embed.FS

// Releases are Eddy's; the codecs of this program's streams and tables write as they are told to.
var Releases = New()

// New returns all releases of Eddy. v0 wrote plain values; v1 has the same schemas, and writes their fingerprints in
// front; in v2 no time orders anything, and what times were compared for has numbers.
func New() *codecs.Releases {
	return codecs.MustReleases(
		codecs.Release{Name: "v0", Files: folder("v0"), Headerless: true},
		codecs.Release{Name: "v1"},
		codecs.Release{Name: "v2", Files: folder("v2")},
	)
}

// Beside returns the releases whose workers can run beside those of this one while it writes as they do. v0 is none of
// them: it knows no packed streams, and reads no header.
func Beside() []string { return Releases.Names()[1:] }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // of a name that is no path
	}
	return sub
}

// Codec is the codec of the values of a type, such as "PageRow".
func Codec[T any](name string) codecs.Codec[T] {
	return codecs.Avro[T](Format(name))
}

// Format is how the values of a type are stored.
func Format(name string) *codecs.Format { return Releases.MustFormat("eddy." + name) }
