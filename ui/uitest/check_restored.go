package uitest

import (
	"slices"

	"github.com/charmbracelet/x/ansi"
)

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
	if !t.tty.cooked() {
		t.tb.Error("the terminal is still raw")
	}
}

// defaultModes are set on every terminal.
var defaultModes = []ansi.Mode{ansi.ModeAutoWrap, ansi.ModeTextCursorEnable}
