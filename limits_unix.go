//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreLimits makes a file that may grow no further (ulimit -f) an error like a
// full disk: the signal would end the program and leave the screen as it is.
func ignoreLimits() { signal.Ignore(syscall.SIGXFSZ) }
