package codecs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// A Release is one release of a program, with its schema files.
type Release struct {
	// Name is what the release is called, such as "v2".
	Name string
	// Files has the schema files that are new or have changed since the release before, in its top folder, as of
	// [LoadSchemas]. What it does not have is as it was. Nil: nothing has changed.
	Files fs.FS
	// Headerless says that the release wrote plain values, without headers. At most one release may have, the first.
	Headerless bool
}

// Releases are all releases of a program whose values may still be stored, with their schemas. It is safe for concurrent use.
type Releases struct {
	names   []string   // of the releases, oldest first
	sets    []*Schemas // their schemas
	plain   bool       // the first release wrote without headers
	formats map[string]*Format
	writers map[[headerSize]byte]*Schema
}

// NewReleases makes the formats of the types of a program's newest release, from the schemas of all its releases, the
// oldest first. If the newest schema of a type cannot read what an older one wrote, the error names both and the field.
func NewReleases(releases ...Release) (*Releases, error) {
	if len(releases) == 0 {
		return nil, errors.New("no releases")
	}
	r := &Releases{formats: map[string]*Format{}, writers: map[[headerSize]byte]*Schema{}, plain: releases[0].Headerless}
	files := map[string]string{}
	for i, release := range releases {
		if release.Headerless && i > 0 {
			return nil, fmt.Errorf("release %q: only the first may be without headers", release.Name)
		}
		if slices.Contains(r.names, release.Name) {
			return nil, fmt.Errorf("release %q is named twice", release.Name)
		}
		set, err := r.schemas(release, files)
		if err != nil {
			return nil, fmt.Errorf("release %q: %w", release.Name, err)
		}
		r.names, r.sets = append(r.names, release.Name), append(r.sets, set)
	}
	if err := r.makeFormats(); err != nil {
		return nil, err
	}
	return r, r.Write(r.names[len(r.names)-1])
}

// schemas returns those of a release, whose files replace others of their names.
func (r *Releases) schemas(release Release, files map[string]string) (*Schemas, error) {
	if release.Files == nil && len(r.sets) > 0 {
		return r.sets[len(r.sets)-1], nil
	}
	if release.Files == nil {
		return nil, errors.New("the first release has no files")
	}
	changed, err := readSchemas(release.Files)
	if err != nil {
		return nil, err
	}
	maps.Copy(files, changed)
	return linkSchemas(files)
}

// MustReleases is [NewReleases] for package variables. It panics on an error: the schemas are part of the program.
func MustReleases(releases ...Release) *Releases {
	r, err := NewReleases(releases...)
	if err != nil {
		panic(err)
	}
	return r
}

func (r *Releases) makeFormats() error {
	var errs []error
	newest := r.sets[len(r.sets)-1]
	for _, name := range newest.Names() {
		current := newest.byName[name]
		var others []*Schema
		for _, set := range r.sets {
			if s := set.byName[name]; s != nil && !slices.Contains(others, s) {
				others = append(others, s)
				r.writers[s.header] = s
			}
		}
		f, err := NewFormat(current, others...)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if first := r.sets[0].byName[name]; r.plain && first != nil {
			f.headerless = f.writers[first.header]
		}
		r.formats[name] = f
	}
	return errors.Join(errs...)
}

// Names returns the names of the releases, the oldest first.
func (r *Releases) Names() []string { return slices.Clone(r.names) }

// Types returns the full names of the types that the newest release has files for, sorted.
func (r *Releases) Types() []string { return slices.Sorted(maps.Keys(r.formats)) }

// Format returns the format of the type with this full name. An unknown name is an error that wraps [ErrNoSchema].
func (r *Releases) Format(name string) (*Format, error) {
	if f := r.formats[name]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrNoSchema, name)
}

// MustFormat is [Releases.Format] for package variables. It panics on an error: the name is part of the program.
func (r *Releases) MustFormat(name string) *Format {
	f, err := r.Format(name)
	if err != nil {
		panic(err)
	}
	return f
}

// Write makes every format write as a release did, so that programs of that release read it; see [Format.Write]. Types
// that the release did not have are written by the newest schema. With an error, which names every type that cannot be
// written so, nothing changes. Call it before the first value is written.
func (r *Releases) Write(release string) error {
	i := slices.Index(r.names, release)
	if i < 0 {
		return fmt.Errorf("no release %q: there are %q", release, r.names)
	}
	written := make(map[*Format]*encoding, len(r.formats))
	var errs []error
	for _, name := range r.Types() {
		f, s := r.formats[name], r.sets[i].byName[name]
		if s == nil {
			s = f.current
		}
		header := s.header[:]
		if i == 0 && f.headerless != nil {
			header = nil
		}
		e, err := f.encoding(s, header)
		if err != nil {
			errs = append(errs, fmt.Errorf("release %q: %w", release, err))
			continue
		}
		written[f] = e
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for f, e := range written {
		f.writing.Store(e)
	}
	return nil
}

// JSON renders any value that begins with a header, whatever its type, as JSON; see [Schema.JSON]. The error wraps
// [ErrNoHeader] or [ErrUnknownSchema]. Of a value without a header only its [Format] knows the type.
func (r *Releases) JSON(data []byte) ([]byte, error) {
	header, ok := SingleObjectHeader(data)
	if !ok {
		return nil, ErrNoHeader
	}
	s := r.writers[[headerSize]byte(header)]
	if s == nil {
		return nil, fmt.Errorf("%w: fingerprint %s", ErrUnknownSchema, fingerprintOf([headerSize]byte(header)))
	}
	return s.JSON(data[headerSize:])
}
