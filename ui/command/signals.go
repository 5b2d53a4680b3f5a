package command

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long an orderly end may take.
const grace = 10 * time.Second

// exitAfterGrace ends the process after grace. Nothing else ends a wait for a network
// file system that does not answer, or for a pipe that is not read.
func exitAfterGrace() { time.AfterFunc(grace, func() { os.Exit(exitTrouble) }) }

// endSignals returns the signals that end the program in an orderly way. SIGHUP stays
// ignored if nohup ignores it.
func endSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}
