//go:build unix

package command

import (
	"os/signal"
	"syscall"
)

// ignoreFileSizeSignal turns the file size limit (ulimit -f) into an error like a full
// disk. The signal would end the program and leave the terminal in raw mode.
func ignoreFileSizeSignal() { signal.Ignore(syscall.SIGXFSZ) }
