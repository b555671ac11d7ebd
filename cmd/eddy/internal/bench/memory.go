package bench

import (
	"fmt"
	"syscall"
	"time"
)

// peakRSS returns the most memory that the process ever held, in bytes.
func peakRSS() (int64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	return rssBytes(&usage), nil
}

// cpuSeconds is the CPU time that the process has used.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return (time.Duration(usage.Utime.Nano()) + time.Duration(usage.Stime.Nano())).Seconds()
}

// rssBytes is the most memory that a process held, in bytes: the system says it in kilobytes.
func rssBytes(usage *syscall.Rusage) int64 { return usage.Maxrss << 10 }
