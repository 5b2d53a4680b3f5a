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
	mostColumns = 2000
	mostRows    = 1000
)

// believable is a tea.WithFilter that draws no more than a screen can show.
func believable(_ tea.Model, msg tea.Msg) tea.Msg {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		return tea.WindowSizeMsg{Width: min(size.Width, mostColumns), Height: min(size.Height, mostRows)}
	}
	return msg
}

// tooLarge is why there can be no screen: Bubble Tea makes room for the first
// size before anybody can filter it.
func tooLarge() error {
	width, height, err := term.GetSize(os.Stdout.Fd())
	if err == nil && width*height > mostColumns*mostRows {
		return fmt.Errorf("the terminal says that it has %d×%d cells: set its size (stty cols 80 rows 24), or use -o text", width, height)
	}
	return nil
}
