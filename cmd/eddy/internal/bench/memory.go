package bench

import (
	"fmt"
	"syscall"
)

// peakRSS returns the most memory that the process ever held, in bytes.
func peakRSS() (int64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	return usage.Maxrss << 10, nil // kilobytes on Linux
}
