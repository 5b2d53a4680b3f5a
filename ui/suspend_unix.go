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

// suspend releases the terminal and stops the process until a shell continues it. Bubble
// Tea's own suspend waits for SIGCONT without a timeout. If the process cannot be
// stopped, for example without a job-control shell, it never returns.
func suspend() tea.Cmd {
	return tea.Exec(stopCommand{}, func(error) tea.Msg {
		crash.TerminalTaken()
		return nil
	})
}

// stopTimeout is how long the stop signal may take to have an effect.
const stopTimeout = 200 * time.Millisecond

// stopCommand is a command that stops the process.
type stopCommand struct{}

func (stopCommand) Run() error {
	crash.TerminalLent()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil { // the whole process group
		return err
	}
	select {
	case <-continued:
	case <-time.After(stopTimeout): // the process was not stopped
	}
	return nil
}

func (stopCommand) SetStdin(io.Reader)  {}
func (stopCommand) SetStdout(io.Writer) {}
func (stopCommand) SetStderr(io.Writer) {}
