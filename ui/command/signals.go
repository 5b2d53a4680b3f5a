package command

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long the program may take to end in good order.
const grace = 10 * time.Second

// exitAfterGrace ends it after that: nothing else ends the wait for a network's file
// system that does not answer, or for who reads the report.
func exitAfterGrace() { time.AfterFunc(grace, func() { os.Exit(exitTrouble) }) }

// endSignals are the signals that end the program in good order. One that nohup has
// switched off stays off.
func endSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}
