package crash

import (
	"bytes"
	"os"
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// output is a terminal whose margins are those of its whole screen wherever all is
// painted again. What was painted for the size of before may be on its way when the
// size changes; the margins that it sets then (Bubble Tea scrolls with them) stay.
type output struct{ *os.File }

// again begins what paints the whole screen.
var again = []byte(ansi.CursorHomePosition + ansi.EraseEntireScreen)

// Write writes all of p or fails. The renderer passes whole frames.
func (o output) Write(p []byte) (n int, err error) {
	before, after, found := bytes.Cut(p, again)
	if !found {
		return o.File.Write(p)
	}
	_, err = o.File.Write(slices.Concat(before, []byte(ansi.SetTopBottomMargins(0, 0)), again, after))
	return len(p), err
}
