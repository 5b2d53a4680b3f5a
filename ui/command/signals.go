package command

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/ui/crash"
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

// withSignals returns a context that the first signal ends. Signals after it have no effect until stop. An
// interrupt while a pager has the terminal is for the pager: ctrl-c goes to all processes there.
func withSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endSignals()...)
	panics.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if s != os.Interrupt || !crash.TerminalIsLent() {
					cancel()
				}
			}
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
