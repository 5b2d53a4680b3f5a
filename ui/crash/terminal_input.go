package crash

import (
	"errors"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

// ErrLost means that the terminal was closed.
var ErrLost = errors.New("the terminal is gone")

// terminalInput calls lost at the end of file, when the terminal was closed. Bubble
// Tea only stops reading then, and waits for keys forever.
type terminalInput struct {
	*os.File
	lost    func()
	limiter *parameterLimiter
}

func (i terminalInput) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil && len(p) > 0 {
		n, err = i.File.Read(p)
		n = i.limiter.limit(p[:n])
	}
	if errors.Is(err, io.EOF) {
		i.lost()
	}
	return n, err
}

// maxParameters limits the parameters of a control sequence. No key and no answer of a
// terminal has more. Bubble Tea's parser has room for 32 and panics beyond.
const maxParameters = 30

// parameterLimiter removes the separators of parameters beyond the limit.
type parameterLimiter struct {
	escape     bool // the last byte was ESC
	inSequence bool // in one with parameters
	count      int  // of separators in it
}

// limit filters p in place and returns its new length. A sequence may span calls.
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
	starts := s.escape && (c == '[' || c == 'P') || c == 0x9b || c == 0x90 // CSI and DCS, in either spelling
	s.escape = c == 0x1b
	switch {
	case starts:
		s.inSequence, s.count = true, 0
	case c < 0x20 || c > 0x3f:
		s.inSequence = false
	case s.inSequence && (c == ';' || c == ':'):
		s.count++
		return s.count < maxParameters
	}
	return true
}

// inputOptions returns the options to read keys from standard input if that is a
// terminal. Otherwise Bubble Tea opens one.
func inputOptions(lost func()) []tea.ProgramOption {
	if !term.IsTerminal(os.Stdin.Fd()) {
		return nil
	}
	return []tea.ProgramOption{tea.WithInput(terminalInput{os.Stdin, lost, &parameterLimiter{}})}
}
