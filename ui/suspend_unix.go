//go:build unix

package ui

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/crash"
)

// suspend gives the terminal back and stops the program until a shell continues
// it. Bubble Tea's own waits for that even where there is no shell to do so and
// the system lets nobody stop: it would never come back.
func suspend() tea.Cmd {
	return tea.Exec(stop{}, func(error) tea.Msg {
		crash.TerminalTaken()
		return nil
	})
}

// stopped is how long a stop may take to come about.
const stopped = 200 * time.Millisecond

// stop is a command that only stops.
type stop struct{}

func (stop) Run() error {
	crash.TerminalLent()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil { // what runs with it too
		return err
	}
	select {
	case <-continued:
	case <-time.After(stopped): // it has not come about
	}
	return nil
}

func (stop) SetStdin(io.Reader)  {}
func (stop) SetStdout(io.Writer) {}
func (stop) SetStderr(io.Writer) {}
