package uitest

import (
	"slices"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

// filler marks cells that have not been painted since fill.
const filler = "▒"

// CheckRepaint compares the screen, which was painted incrementally, with a full
// repaint, which a change of size causes. Call it when the screen is complete and
// nothing on it changes except masked text.
func (t *Term) CheckRepaint() {
	t.tb.Helper()
	painted := t.masked(t.settle(150 * time.Millisecond))
	t.fill(painted.Width+1, painted.Height)
	t.WaitUntil("a repaint after a change of size", func(f Frame) bool { return !f.Contains(filler) })
	t.settle(50 * time.Millisecond)
	t.fill(painted.Width, painted.Height)
	repainted, err := t.await(func(f Frame) bool { return painted.Equal(t.masked(f)) }, silence)
	if err != nil {
		t.tb.Errorf("the incremental screen differs from a repaint (-incremental +repaint):\n%s",
			cmp.Diff(lines(painted.Golden()), lines(t.masked(repainted).Golden())))
	}
}

// fill changes the size and fills the screen, so that cells without a repaint are
// visible.
func (t *Term) fill(width, height int) {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resize(width, height)
	for y := range height {
		for x := range width {
			t.emu.SetCell(x, y, &uv.Cell{Content: filler, Width: 1})
		}
	}
}

// CheckRestored fails unless the terminal is as before the program: the main screen, a
// visible cursor, no modes for mouse, paste or keyboard, and line mode with echo.
func (t *Term) CheckRestored() {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.emu.IsAltScreen() || t.hidden {
		t.tb.Errorf("alternate screen %v, hidden cursor %v", t.emu.IsAltScreen(), t.hidden)
	}
	for mode := range t.modes {
		if !slices.Contains(defaultModes, mode) {
			t.tb.Errorf("mode %v is still set", mode)
		}
	}
	if t.keyboard != 0 || t.keys != 0 {
		t.tb.Errorf("keyboard protocol pushed %d times more than popped, modifyOtherKeys %d", t.keyboard, t.keys)
	}
	if err := t.tty.cooked(); err != nil {
		t.tb.Errorf("the terminal: %v", err)
	}
}

// defaultModes are set on every terminal.
var defaultModes = []ansi.Mode{ansi.ModeAutoWrap, ansi.ModeTextCursorEnable}
