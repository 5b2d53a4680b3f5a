package crash

import (
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

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
