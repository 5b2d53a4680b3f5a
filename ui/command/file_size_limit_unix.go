//go:build unix

package command

import (
	"os/signal"
	"syscall"
)

// ignoreFileSizeSignal makes a file that may grow no further (ulimit -f) an error like a
// full disk: the signal would end the program and leave the screen as it is.
func ignoreFileSizeSignal() { signal.Ignore(syscall.SIGXFSZ) }
