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
	return tea.Exec(stopCommand{}, func(error) tea.Msg {
		crash.TerminalTaken()
		return nil
	})
}

// stopTimeout is how long a stop may take to come about.
const stopTimeout = 200 * time.Millisecond

// stopCommand is a command that only stops.
type stopCommand struct{}

func (stopCommand) Run() error {
	crash.TerminalLent()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil { // what runs with it too
		return err
	}
	select {
	case <-continued:
	case <-time.After(stopTimeout): // it has not come about
	}
	return nil
}

func (stopCommand) SetStdin(io.Reader)  {}
func (stopCommand) SetStdout(io.Writer) {}
func (stopCommand) SetStderr(io.Writer) {}
