package crash

import (
	"errors"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

// ErrLost is the end of a program whose terminal has gone.
var ErrLost = errors.New("the terminal is gone")

// input is a terminal that tells when it is gone. Bubble Tea stops reading then,
// and would wait for a key until the end of days.
type input struct {
	*os.File
	lost func()
}

func (i input) Read(p []byte) (n int, err error) {
	n, err = i.File.Read(p)
	if errors.Is(err, io.EOF) {
		i.lost()
	}
	return n, err
}

// watched is the option to read keys from standard input, if that is a terminal.
// Otherwise Bubble Tea looks for one.
func watched(lost func()) []tea.ProgramOption {
	if !term.IsTerminal(os.Stdin.Fd()) {
		return nil
	}
	return []tea.ProgramOption{tea.WithInput(input{os.Stdin, lost})}
}
