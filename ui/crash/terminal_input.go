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

// terminalInput is a terminal that tells when it is gone. Bubble Tea stops
// reading then, and would wait for a key until the end of days.
type terminalInput struct {
	*os.File
	lost  func()
	short *parameterLimiter
}

func (i terminalInput) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil && len(p) > 0 {
		n, err = i.File.Read(p)
		n = i.short.limit(p[:n])
	}
	if errors.Is(err, io.EOF) {
		i.lost()
	}
	return n, err
}

// maxParameters of a sequence are let through, more than any key or answer has.
// The parser behind has room for 32, and panics where there are more.
const maxParameters = 30

// parameterLimiter leaves out what separates the parameters beyond.
type parameterLimiter struct {
	escape bool // the last byte was ESC
	within bool // a sequence with parameters
	count  int
}

// limit works in place and gives the new length.
func (s *parameterLimiter) limit(p []byte) int {
	kept := 0
	for _, c := range p {
		if !s.keeps(c) {
			continue
		}
		p[kept] = c
		kept++
	}
	return kept
}

func (s *parameterLimiter) keeps(c byte) bool {
	begins := s.escape && (c == '[' || c == 'P') || c == 0x9b || c == 0x90 // CSI and DCS, in either spelling
	s.escape = c == 0x1b
	switch {
	case begins:
		s.within, s.count = true, 0
	case c < 0x20 || c > 0x3f:
		s.within = false
	case s.within && (c == ';' || c == ':'):
		s.count++
		return s.count < maxParameters
	}
	return true
}

// inputOptions is the option to read keys from standard input, if that is a terminal.
// Otherwise Bubble Tea looks for one.
func inputOptions(lost func()) []tea.ProgramOption {
	if !term.IsTerminal(os.Stdin.Fd()) {
		return nil
	}
	return []tea.ProgramOption{tea.WithInput(terminalInput{os.Stdin, lost, &parameterLimiter{}})}
}
