package crash

import (
	"bytes"
	"os"
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// terminalOutput is a terminal whose margins are those of its whole screen
// wherever all is painted again. What was painted for the size of before may be
// on its way when the size changes; the margins that it sets then (Bubble Tea
// scrolls with them) stay.
type terminalOutput struct{ *os.File }

// clearScreen begins what paints the whole screen.
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
