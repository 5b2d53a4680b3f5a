package crash

import (
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

// Bounds on a screen, in cells. What goes beyond them is no screen but an answer
// that somebody typed, or a system's "unknown"; drawing it would take all memory.
const (
	maxColumns = 2000
	maxRows    = 1000
)

// limitSize is a tea.WithFilter that draws no more than a screen can show.
func limitSize(_ tea.Model, msg tea.Msg) tea.Msg {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		return tea.WindowSizeMsg{Width: min(size.Width, maxColumns), Height: min(size.Height, maxRows)}
	}
	return msg
}

// screenTooLarge is why there can be no screen: Bubble Tea makes room for the first
// size before anybody can filter it.
func screenTooLarge() error {
	width, height, err := term.GetSize(os.Stdout.Fd())
	if err == nil && width*height > maxColumns*maxRows {
		return fmt.Errorf("the terminal says that it has %d×%d cells: set its size (stty cols 80 rows 24), or use -o text", width, height)
	}
	return nil
}
