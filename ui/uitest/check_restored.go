package uitest

import (
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// CheckRestored fails unless the terminal is as the program found it: the
// shell's screen, a cursor, no mouse, pastes or keys reported in another way,
// and lines edited and echoed again.
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

// defaultModes modes are set on any terminal.
var defaultModes = []ansi.Mode{ansi.ModeAutoWrap, ansi.ModeTextCursorEnable}
