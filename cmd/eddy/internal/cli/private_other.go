//go:build !unix

package cli

// keepPrivate does nothing where there are no modes of files.
func keepPrivate() {}
