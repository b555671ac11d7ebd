//go:build unix

package cli

import "syscall"

// keepPrivate has all files and directories that the process makes be its user's alone: the stores, the broker's log and what is written of a wiki
// may hold what not everybody may read.
func keepPrivate() { syscall.Umask(0o077) }
