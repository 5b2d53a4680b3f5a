package crash

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
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

// terminalOutput resets the scroll margins before each repaint of the whole screen.
// Bubble Tea scrolls with margins. If the size changes while a frame for the old size
// is on its way, the terminal keeps the margins of that frame.
type terminalOutput struct{ *os.File }

// clearScreen begins a repaint of the whole screen.
var clearScreen = []byte(ansi.CursorHomePosition + ansi.EraseEntireScreen)

// Write writes all of p or fails. The renderer passes whole frames.
func (o terminalOutput) Write(p []byte) (n int, err error) {
	before, after, found := bytes.Cut(p, clearScreen)
	if !found {
		return o.File.Write(p)
	}
	_, err = o.File.Write(slices.Concat(before, []byte(ansi.SetTopBottomMargins(0, 0)), clearScreen, after))
	return len(p), err
}

// Limits of a screen, in cells. A larger size is typed input that looks like the
// answer of a terminal, or a system's value for "unknown". Drawing it would use all memory.
const (
	maxColumns = 2000
	maxRows    = 1000
)

// limitSize is a filter (tea.WithFilter) that limits the size of the window.
func limitSize(_ tea.Model, msg tea.Msg) tea.Msg {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		return tea.WindowSizeMsg{Width: min(size.Width, maxColumns), Height: min(size.Height, maxRows)}
	}
	return msg
}

// screenTooLarge returns an error if the terminal reports a size beyond the limits:
// Bubble Tea allocates the first screen before a filter sees its size.
func screenTooLarge() error {
	width, height, err := term.GetSize(os.Stdout.Fd())
	if err == nil && width*height > maxColumns*maxRows {
		return fmt.Errorf("the terminal reports %d×%d cells: set its size (stty cols 80 rows 24), or use -o text", width, height)
	}
	return nil
}
