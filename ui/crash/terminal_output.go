package crash

import (
	"bytes"
	"os"
	"slices"

	"github.com/charmbracelet/x/ansi"
)

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
